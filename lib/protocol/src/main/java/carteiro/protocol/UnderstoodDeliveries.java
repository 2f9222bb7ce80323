package carteiro.protocol;

import carteiro.mail.Address;
import carteiro.mail.Attribute;
import carteiro.mail.Attributes;
import carteiro.mail.Outcome;
import carteiro.mail.RecipientList;
import carteiro.mail.Status;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * A way out that is asked for no delivery with an attribute that it must understand and does not know (docs/protocols/attributes.md):
 * such a recipient is deferred, until a newer build runs here. All others are delivered to.
 */
final class UnderstoodDeliveries implements Deliver {
    private static final Status NOT_CAPABLE = new Status(4, 3, 3);

    private final Deliver next;
    private final String program;
    private final Attribute.Mark mark;

    /**
     * @param next is asked for what is understood
     * @param program that must understand, for people
     * @param mark of what it must understand
     */
    UnderstoodDeliveries(Deliver next, String program, Attribute.Mark mark) {
        this.next = next;
        this.program = program;
        this.mark = mark;
    }

    @Override
    public List<Outcome> deliver(Delivery delivery) throws IOException {
        OptionalInt unknown = delivery.envelope().attributes().unknown(mark);
        if (unknown.isPresent()) {
            Outcome refusal = refusal(unknown.getAsInt());
            return delivery.addresses().stream().map(_ -> refusal).toList();
        }
        return delivery.recipients().attributed() == 0 ? next.deliver(delivery) : deliverUnderstood(delivery);
    }

    private List<Outcome> deliverUnderstood(Delivery delivery) throws IOException {
        RecipientList recipients = delivery.recipients();
        var addresses = new ArrayList<Address>();
        var attributes = new TreeMap<Integer, Attributes>();
        for (int i = 0; i < recipients.size(); i++) {
            if (recipients.attributes(i).unknown(mark).isEmpty()) {
                attributes.put(addresses.size(), recipients.attributes(i));
                addresses.add(recipients.address(i));
            }
        }
        if (addresses.size() == recipients.size()) {
            return next.deliver(delivery);
        }
        Iterator<Outcome> tried = addresses.isEmpty()
                ? Collections.emptyIterator()
                : next.deliver(delivery.to(RecipientList.of(addresses, attributes)))
                        .iterator();
        var outcomes = new ArrayList<Outcome>();
        for (int i = 0; i < recipients.size(); i++) {
            OptionalInt unknown = recipients.attributes(i).unknown(mark);
            outcomes.add(unknown.isPresent() ? refusal(unknown.getAsInt()) : tried.next());
        }
        return outcomes;
    }

    private Outcome refusal(int tag) {
        return new Outcome.Deferred(
                NOT_CAPABLE,
                "This build of " + program + " does not know attribute " + tag
                        + ", and must not go on without. Start the build that the message came in with. (#4.3.3)\n");
    }
}
