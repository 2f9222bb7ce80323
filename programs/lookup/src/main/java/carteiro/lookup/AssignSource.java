package carteiro.lookup;

import carteiro.control.Cdb;
import carteiro.control.CdbFile;
import carteiro.control.Installation;
import carteiro.mail.Address;
import carteiro.mail.Octets;
import carteiro.posix.UnixId;
import carteiro.protocol.Lookup.AccountHome;
import carteiro.protocol.Lookup.AccountIdentity;
import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.Lookup.DeliveryInstructions;
import carteiro.protocol.Lookup.LookupQuestion;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/**
 * users/cdb: a simple assignment beats every wildcard, the longest wildcard beats the others. The local part is compared
 * without case; what a wildcard stands for keeps its case.
 */
final class AssignSource implements AddressSource {
    /** A replaced users/cdb is seen at the latest after this. */
    private static final Duration TRUST = Duration.ofSeconds(1);

    private final CdbFile file;

    AssignSource(Installation installation) {
        this(new CdbFile(installation.users().resolve("cdb"), TRUST));
    }

    AssignSource(CdbFile file) {
        this.file = file;
    }

    @Override
    public SourceName name() {
        return SourceName.ASSIGN;
    }

    @Override
    public Optional<Answer> ask(LookupQuestion question, Deadline deadline, LookupTrace trace)
            throws IOException, EntryFaultException {
        Address recipient = question.recipient();
        Optional<Cdb> now = file.now();
        if (now.isEmpty()) {
            trace.step(() -> "assign: there is no users/cdb");
            return Optional.empty();
        }
        Cdb cdb = now.get();
        String local = recipient.localPart();
        String lowered = Octets.lowerCase(local);
        Optional<String> simple = cdb.first("!" + lowered + "\0");
        if (simple.isPresent()) {
            trace.step(() -> "assign: users/cdb has the simple assignment =" + lowered);
            return Optional.of(account(simple.get(), "", "=" + lowered));
        }
        Optional<String> ends = cdb.first(""); // the last characters of all wildcards
        for (int length = local.length(); length >= 0; length--) {
            if (length > 0 && ends.isPresent() && ends.get().indexOf(lowered.charAt(length - 1)) < 0) {
                continue;
            }
            String wildcard = lowered.substring(0, length);
            Optional<String> found = cdb.first("!" + wildcard);
            if (found.isPresent()) {
                trace.step(() -> "assign: users/cdb has the wildcard assignment +" + wildcard);
                return Optional.of(account(found.get(), local.substring(length), "+" + wildcard));
            }
        }
        trace.step(() -> "assign: users/cdb has no assignment for it");
        return Optional.empty();
    }

    /** Whether a wildcard stands for every address, so that no later source is ever asked. */
    boolean knowsEverything() throws IOException {
        Optional<Cdb> now = file.now();
        return now.isPresent() && now.get().first("!").isPresent();
    }

    /** @param which the assignment, as it stands in users/assign */
    private static Answer account(String data, String rest, String which) throws EntryFaultException {
        String[] fields = data.split("\0", -1);
        if (fields.length < 6) {
            throw new EntryFaultException(
                    "is damaged (" + fields.length + " fields instead of 6 in " + which + "); run qmail-newu again");
        }
        String home = fields[3];
        if (!home.startsWith("/")) {
            throw new EntryFaultException("gives the home \"" + home + "\", which is not an absolute path; correct "
                    + which + " in users/assign and run qmail-newu");
        }
        return new Answer.Account(
                new AccountIdentity(fields[0], id(fields[1], "uid", which), id(fields[2], "gid", which)),
                new AccountHome(home, fields[4], fields[5] + rest),
                new DeliveryInstructions.DotQmailInstructions());
    }

    private static int id(String digits, String what, String which) throws EntryFaultException {
        return UnixId.parse(digits)
                .orElseThrow(() -> new EntryFaultException("gives the " + what + " \"" + digits
                        + "\", which is not a number from 0 to " + UnixId.MOST + "; correct " + which
                        + " in users/assign and run qmail-newu"));
    }
}
