package carteiro.queue;

import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.protocol.Waiting;
import carteiro.protocol.Waiting.Failure;
import carteiro.protocol.Waiting.RecipientState;
import carteiro.protocol.Waiting.WaitingMessage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * What must be true of queue and mailboxes after a power failure.
 *
 * @param calls how many calls to the disk had been made
 */
record Verdict(List<Promise> promises, List<Works.Delivery> deliveries, int calls) {
    /** What queue presents of one message. */
    record Presented(int id, List<RecipientState> states, List<Failure> failures) {}

    private static final Envelope ONE_MORE = new Envelope(
            Address.NULL, List.of(new Address("m0@example.org")), BodyType.SEVEN_BIT, AddressForm.ASCII, 71);

    static List<WaitingMessage> drain(Waiting.WaitingSession session) throws IOException {
        var all = new ArrayList<WaitingMessage>();
        while (true) {
            List<WaitingMessage> some = session.next(100, Duration.ZERO);
            if (some.isEmpty()) {
                return all;
            }
            all.addAll(some);
        }
    }

    /** The number of a message of a history, by its first line; -1 if it has none. */
    static int id(byte[] octets) {
        String start = new String(octets, 0, Math.min(octets.length, 20), StandardCharsets.ISO_8859_1);
        return start.matches("(?s)message [0-9]{1,6}\n.*")
                ? Integer.parseInt(start.substring(8, start.indexOf('\n')))
                : -1;
    }

    /** What a queue presents, by number. */
    TreeMap<Long, Presented> look(Queue queue) throws IOException {
        var presented = new TreeMap<Long, Presented>();
        try (var session = queue.waiting().open()) {
            for (WaitingMessage waiting : drain(session)) {
                Promise promise = promise(queue, waiting);
                var before = presented.put(
                        waiting.message(),
                        new Presented(promise.id, waiting.states(), session.failures(waiting.message())));
                require(before == null, "presented twice: " + promise);
            }
        }
        return presented;
    }

    private Promise promise(Queue queue, WaitingMessage waiting) throws IOException {
        byte[] octets;
        try (var body = queue.messages().open(waiting.message())) {
            octets = body.readAllBytes();
        }
        int id = id(octets);
        require(
                id >= 0
                        && id < promises.size()
                        && promises.get(id).submittedAt <= calls
                        && Arrays.equals(promises.get(id).octets, octets)
                        && waiting.octets() == octets.length,
                "a message nobody sent: number " + waiting.message() + " of " + octets.length + " octets");
        Promise promise = promises.get(id);
        require(
                promise.envelope.equals(waiting.envelope()),
                "another envelope: " + waiting.envelope() + " of " + promise);
        require(promise.birth.equals(waiting.birth()), "born at another time, " + waiting.birth() + ": " + promise);
        return promise;
    }

    /** Whatever the clock says, the number of the next message is none that was given. */
    void numbersGoOn(Queue queue) throws IOException {
        long before = promises.stream()
                .filter(promise -> promise.acceptedAt <= calls)
                .mapToLong(promise -> promise.number)
                .max()
                .orElse(0);
        try (var submission = queue.enqueue().open()) {
            Receipt receipt = submission.commit(ONE_MORE);
            require(
                    receipt instanceof Receipt.Accepted(long number) && number > before,
                    "numbers had come to " + before + ", and the next message: " + receipt);
        }
    }

    private static void require(boolean isSo, String otherwise) {
        if (!isSo) {
            throw new Violation(otherwise);
        }
    }

    /** Checks all of it. */
    void check(Map<Long, Presented> presented, Boxes.Found boxes) {
        Map<Integer, Long> numbers = new HashMap<>();
        presented.forEach((number, message) -> {
            Promise promise = promises.get(message.id());
            require(numbers.put(message.id(), number) == null, "there twice: " + promise);
            require(promise.endSyncedAt() > calls, "came back: " + promise);
            require(
                    promise.acceptedAt > calls || promise.number == number,
                    "has the number " + number + " now: " + promise);
            states(promise, message);
        });
        for (Promise promise : promises) {
            if (promise.acceptedAt <= calls) {
                require(numbers.containsKey(promise.id) || promise.endBegunAt() <= calls, "lost: " + promise);
                everyRecipientIsSomewhere(promise, numbers, presented, boxes);
            }
        }
        boxes(boxes);
    }

    private void states(Promise promise, Presented message) {
        for (int i = 0; i < message.states().size(); i++) {
            RecipientState state = message.states().get(i);
            require(
                    promise.possible(i, calls).contains(state),
                    "recipient " + i + " is " + state + ", and can only be one of " + promise.possible(i, calls) + ": "
                            + promise);
            int recipient = i;
            List<String> paragraphs = message.failures().stream()
                    .filter(failure -> failure.recipient() == recipient)
                    .map(Failure::paragraph)
                    .toList();
            if (state instanceof RecipientState.ToBounce) {
                require(
                        paragraphs.size() == 1 && promise.paragraphs(i, calls).containsAll(paragraphs),
                        "paragraphs of recipient " + i + " are " + paragraphs + ": " + promise);
            } else {
                require(paragraphs.isEmpty(), "recipient " + i + " is " + state + " and has failed: " + promise);
            }
        }
    }

    /** It waits, or is in its mailbox, or in a bounce that waits or is in its mailbox. */
    private void everyRecipientIsSomewhere(
            Promise promise, Map<Integer, Long> numbers, Map<Long, Presented> presented, Boxes.Found boxes) {
        for (int i = 0; i < promise.envelope.addresses().size(); i++) {
            if (numbers.containsKey(promise.id)
                    && !(Objects.requireNonNull(presented.get(numbers.get(promise.id)))
                                    .states()
                                    .get(i)
                            instanceof RecipientState.Done)) {
                continue;
            }
            Address recipient = promise.envelope.addresses().get(i);
            boolean bounced = promise.paragraphs(i, calls).stream()
                    .anyMatch(paragraph -> promises.stream()
                            .anyMatch(bounce -> bounce.bounceOf == promise.id
                                    && new String(bounce.octets, StandardCharsets.ISO_8859_1).contains(paragraph)
                                    && (numbers.containsKey(bounce.id)
                                            || boxes.count(
                                                            bounce.envelope
                                                                    .addresses()
                                                                    .getFirst(),
                                                            bounce.octets)
                                                    > 0)));
            require(
                    bounced || boxes.count(recipient, promise.octets) > 0,
                    "neither waiting nor delivered nor bounced: " + recipient + " of " + promise);
        }
    }

    /** What was delivered is there and whole; nothing else is, and nothing more often than it was tried. */
    private void boxes(Boxes.Found boxes) {
        Map<String, int[]> expected = new HashMap<>();
        Map<String, Works.Delivery> examples = new HashMap<>();
        for (Works.Delivery delivery : deliveries) {
            if (delivery.begunAt <= calls) {
                Address recipient = delivery.message.envelope.addresses().get(delivery.recipient);
                String entry = Boxes.entry(recipient, delivery.message.octets);
                int[] bounds = expected.computeIfAbsent(entry, _ -> new int[2]);
                bounds[0] += delivery.deliveredAt <= calls ? 1 : 0;
                bounds[1]++;
                examples.put(entry, delivery);
            }
        }
        expected.forEach((entry, bounds) -> {
            Works.Delivery delivery = Objects.requireNonNull(examples.get(entry));
            Address recipient = delivery.message.envelope.addresses().get(delivery.recipient);
            int count = boxes.count(recipient, delivery.message.octets);
            require(
                    count >= bounds[0] && count <= bounds[1],
                    count + " times in the mailbox of " + recipient + ", was delivered there " + bounds[0]
                            + " times and tried " + bounds[1] + ": " + delivery.message);
        });
        boxes.files()
                .keySet()
                .forEach(file -> require(
                        expected.containsKey(file),
                        "in new/ there are " + file.length() + " octets that nobody delivered: "
                                + file.lines().limit(2).toList()));
    }
}
