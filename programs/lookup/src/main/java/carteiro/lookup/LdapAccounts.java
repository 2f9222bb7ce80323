package carteiro.lookup;

import carteiro.lookup.EntryFaultException.Blame;
import carteiro.mail.Address;
import carteiro.mail.Octets;
import carteiro.mail.Status;
import carteiro.protocol.Lookup.AccountHome;
import carteiro.protocol.Lookup.AccountIdentity;
import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.Lookup.DeliveryInstructions;
import carteiro.protocol.Lookup.DotFiles;
import carteiro.protocol.Lookup.Mailbox;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads a qmailUser entry: its values become an answer, or a fault that names the attribute. Nothing in an entry is
 * trusted: paths, names, ids and commands are checked before they get anywhere (docs/programs/lookup.md lists the
 * rules). Pure.
 */
final class LdapAccounts {
    /** What a search must bring for {@link #answer}. */
    static final List<String> ATTRIBUTES = List.of(
            "uid",
            "qmailUID",
            "qmailGID",
            "accountStatus",
            "mailMessageStore",
            "homeDirectory",
            "mailForwardingAddress",
            "deliveryProgramPath",
            "deliveryMode",
            "qmailDotMode",
            "objectClass");

    /** Forwards or programs of one entry; the wire carries no more. */
    static final int MOST_TARGETS = 500;

    /** Octets of all forwards and programs of one entry; the wire carries no more. */
    static final int MOST_TEXT = 64 * 1024;

    /** The longest name, path or command. */
    private static final int LONGEST = 1024;

    /** Of a value in a sentence. */
    private static final int LONGEST_SHOWN = 200;

    private static final String NAME_SIGNS = "@_.#-";
    private static final String PATH_SIGNS = NAME_SIGNS + "/:=";
    private static final String COMMAND_SIGNS = PATH_SIGNS + " \t\n\"'+,\\";

    private LdapAccounts() {}

    /** Which part of the address the entry was found by. */
    sealed interface MatchedPart {
        /** The whole address. */
        record WholeAddress() implements MatchedPart {}

        /** A catch-all; this is what it stood for. */
        record CatchAll(String text) implements MatchedPart {}

        /** What stands between {@code .qmail} and the extension. */
        default String dash() {
            return this instanceof CatchAll ? "-" : "";
        }
    }

    /** deliveryMode as switches; all on unless said otherwise. */
    private static final class Modes {
        private Mailbox mailbox = Mailbox.KEEP;
        private boolean forwards = true;
        private boolean programs = true;
    }

    /** Hears of values that are ignored. */
    interface Oddities {
        /** A sentence about the entry. */
        void odd(String sentence);
    }

    /** @throws EntryFaultException if the entry cannot be used as it is */
    static Answer answer(DirectoryEntry entry, MatchedPart extension, LdapSettings settings, Oddities oddities)
            throws EntryFaultException {
        switch (Octets.lowerCase(one(entry, "accountStatus").orElse("active"))) {
            case "disabled" -> {
                return new Answer.NoSuchAddress(new Status(5, 2, 1), "Mailaddress is administratively disabled.");
            }
            case "deleted" -> {
                return new Answer.NoSuchAddress(new Status(5, 1, 1), "Sorry, no mailbox here by that name.");
            }
            case "active", "noaccess", "nopop" -> {}
            default ->
                oddities.odd("accountStatus \"" + one(entry, "accountStatus").orElse("")
                        + "\" is none of active, noaccess, disabled, deleted; taken for active");
        }
        for (String objectClass : entry.all("objectClass")) {
            if (Octets.lowerCase(objectClass).equals("qmailgroup")) {
                throw new EntryFaultException(
                        Blame.OURS,
                        "is a qmailGroup; who may post to it, and to whom it goes, is not something this program can"
                                + " decide");
            }
        }
        Modes modes = modes(entry, oddities);
        List<Address> forwards = modes.forwards ? forwards(entry) : List.of();
        Optional<String> home = path(entry, "homeDirectory");
        Optional<String> store = path(entry, "mailMessageStore");
        if (home.isEmpty() && store.isEmpty()) {
            if (forwards.isEmpty()) {
                throw new EntryFaultException("has neither mailMessageStore nor homeDirectory nor a"
                        + " mailForwardingAddress that is in use; give it one of them");
            }
            checkText(forwards, List.of());
            return new Answer.ForwardOnly(forwards);
        }
        DotMode dotMode = dotMode(entry, settings);
        List<String> programs = modes.programs && dotMode.runsPrograms() ? programs(entry) : List.of();
        checkText(forwards, programs);
        String folder = home.isPresent() ? absolute(home.get()) : storeAsHome(store.orElseThrow(), settings);
        String delivery = home.isPresent() ? delivery(store) : "";
        return new Answer.Account(
                new AccountIdentity(
                        name(entry),
                        id(entry, settings.ids(), "qmailUID", settings.uid(), "ldapuid"),
                        id(entry, settings.ids(), "qmailGID", settings.gid(), "ldapgid")),
                new AccountHome(
                        folder, extension.dash(), extension instanceof MatchedPart.CatchAll(var text) ? text : ""),
                instructions(dotMode, delivery, modes.mailbox, programs, forwards));
    }

    private static DeliveryInstructions instructions(
            DotMode dotMode, String delivery, Mailbox mailbox, List<String> programs, List<Address> forwards) {
        return switch (dotMode) {
            case LDAPONLY ->
                new DeliveryInstructions.DirectoryInstructions(
                        delivery, mailbox, List.of(), forwards, DotFiles.IGNORED);
            case LDAPWITHPROG ->
                new DeliveryInstructions.DirectoryInstructions(delivery, mailbox, programs, forwards, DotFiles.IGNORED);
            case BOTH ->
                new DeliveryInstructions.DirectoryInstructions(
                        delivery, mailbox, programs, forwards, DotFiles.APPENDED);
            case DOTONLY ->
                delivery.isEmpty()
                        ? new DeliveryInstructions.DotQmailInstructions()
                        : new DeliveryInstructions.DirectoryInstructions(
                                delivery, Mailbox.KEEP, List.of(), List.of(), DotFiles.ALONE);
            case NONE ->
                new DeliveryInstructions.DirectoryInstructions(
                        delivery, Mailbox.KEEP, List.of(), List.of(), DotFiles.IGNORED);
        };
    }

    private static Modes modes(DirectoryEntry entry, Oddities oddities) {
        var modes = new Modes();
        for (String value : entry.all("deliveryMode")) {
            switch (Octets.lowerCase(value)) {
                case "nolocal", "nombox" -> modes.mailbox = Mailbox.NONE;
                case "noforward" -> modes.forwards = false;
                case "noprogram" -> modes.programs = false;
                case "forwardonly" -> {
                    modes.mailbox = Mailbox.NONE;
                    modes.programs = false;
                }
                case "local", "forward", "program", "noreply" -> {}
                case "reply" -> oddities.odd("deliveryMode reply: no automatic reply is sent");
                default ->
                    oddities.odd(
                            "deliveryMode \"" + value + "\" is none of nolocal, noforward, noprogram, reply; ignored");
            }
        }
        return modes;
    }

    private static List<Address> forwards(DirectoryEntry entry) throws EntryFaultException {
        var forwards = new ArrayList<Address>();
        for (String value : bounded(entry, "mailForwardingAddress")) {
            forwards.add(forward(value));
        }
        return forwards;
    }

    /** An address; it may stand in angle brackets, as in a message. */
    private static Address forward(String value) throws EntryFaultException {
        boolean bracketed = value.length() > 2 && value.startsWith("<") && value.endsWith(">");
        String address = bracketed ? value.substring(1, value.length() - 1) : value;
        int at = address.lastIndexOf('@');
        if (address.isEmpty()
                || address.length() > Address.LIMIT
                || !isPrintable(address)
                || address.indexOf('<') >= 0
                || address.indexOf('>') >= 0
                || at == 0
                || at == address.length() - 1) {
            throw new EntryFaultException(
                    "mailForwardingAddress \"" + shown(value) + "\" is no address (a part is empty, it" + " has over "
                            + Address.LIMIT + " octets, or it holds a blank, < or >, or what is not ASCII)");
        }
        return new Address(address);
    }

    private static List<String> programs(DirectoryEntry entry) throws EntryFaultException {
        List<String> programs = bounded(entry, "deliveryProgramPath");
        for (String program : programs) {
            check("deliveryProgramPath", program, COMMAND_SIGNS);
        }
        return programs;
    }

    private static void checkText(List<Address> forwards, List<String> programs) throws EntryFaultException {
        long octets = programs.stream().mapToLong(String::length).sum()
                + forwards.stream()
                        .mapToLong(forward -> forward.octets().length())
                        .sum();
        if (octets > MOST_TEXT) {
            throw new EntryFaultException(
                    Blame.OURS,
                    "mailForwardingAddress and deliveryProgramPath have " + octets + " octets, over the limit of "
                            + MOST_TEXT + "; remove values");
        }
    }

    /** A value in a sentence. */
    private static String shown(String value) {
        return value.length() > LONGEST_SHOWN ? value.substring(0, LONGEST_SHOWN) + "..." : value;
    }

    private static List<String> bounded(DirectoryEntry entry, String attribute) throws EntryFaultException {
        List<String> values = entry.all(attribute);
        if (values.size() > MOST_TARGETS) {
            throw new EntryFaultException(
                    Blame.OURS, attribute + " has over " + MOST_TARGETS + " values, the limit; remove the others");
        }
        return values;
    }

    private static String name(DirectoryEntry entry) throws EntryFaultException {
        String name =
                one(entry, "uid").orElseThrow(() -> new EntryFaultException("has a mailbox but no uid; give it one"));
        check("uid", name, NAME_SIGNS);
        return name;
    }

    private static Optional<String> path(DirectoryEntry entry, String attribute) throws EntryFaultException {
        Optional<String> path = one(entry, attribute);
        if (path.isPresent()) {
            check(attribute, path.get(), PATH_SIGNS);
            for (String part : path.get().split("/", -1)) {
                if (part.equals("..")) {
                    throw new EntryFaultException(attribute + " \"" + path.get() + "\" leads upwards (..)");
                }
            }
        }
        return path;
    }

    private static String absolute(String home) throws EntryFaultException {
        if (!home.startsWith("/")) {
            throw new EntryFaultException("homeDirectory \"" + home + "\" is not an absolute path");
        }
        return home;
    }

    private static String storeAsHome(String store, LdapSettings settings) throws EntryFaultException {
        if (store.startsWith("/")) {
            return store;
        }
        if (settings.messageStore().isEmpty()) {
            throw new EntryFaultException("mailMessageStore \"" + store
                    + "\" is relative, and there is no control/ldapmessagestore for it to stand below");
        }
        return settings.messageStore() + store;
    }

    private static String delivery(Optional<String> store) throws EntryFaultException {
        String delivery = store.orElse("");
        if (!delivery.isEmpty() && delivery.charAt(0) != '.' && delivery.charAt(0) != '/') {
            throw new EntryFaultException(
                    "mailMessageStore \"" + delivery + "\" stands beside homeDirectory and so must begin with . or /");
        }
        return delivery;
    }

    private static int id(
            DirectoryEntry entry, LdapSettings.IdRange ids, String attribute, int otherwise, String control)
            throws EntryFaultException {
        Optional<String> value = one(entry, attribute);
        if (value.isEmpty()) {
            if (otherwise == 0) {
                throw new EntryFaultException("has no " + attribute + ", and there is no control/" + control);
            }
            return otherwise;
        }
        long id = value.get().matches("[0-9]{1,10}") ? Long.parseLong(value.get()) : -1;
        if (!ids.contains(id)) {
            throw new EntryFaultException(attribute + " \"" + value.get() + "\" is not " + ids);
        }
        return (int) id;
    }

    private static DotMode dotMode(DirectoryEntry entry, LdapSettings settings) throws EntryFaultException {
        Optional<String> value = one(entry, "qmailDotMode");
        if (value.isEmpty()) {
            return settings.dotMode();
        }
        return DotMode.named(value.get())
                .orElseThrow(() -> new EntryFaultException(
                        "qmailDotMode \"" + value.get() + "\" is none of ldaponly, ldapwithprog, dotonly, both, none"));
    }

    /** The value of an attribute of which there must not be two. */
    private static Optional<String> one(DirectoryEntry entry, String attribute) throws EntryFaultException {
        List<String> values = entry.all(attribute);
        if (values.size() > 1) {
            throw new EntryFaultException(
                    attribute + " has " + values.size() + " values, and must have one; remove the others");
        }
        return values.isEmpty() ? Optional.empty() : Optional.of(values.getFirst());
    }

    private static void check(String attribute, String value, String signs) throws EntryFaultException {
        if (value.isEmpty() || value.length() > LONGEST || value.charAt(0) == '-') {
            throw new EntryFaultException(
                    attribute + " \"" + shown(value) + "\" is empty, begins with -, or is over " + LONGEST + " octets");
        }
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            boolean plain = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
            if (!plain && signs.indexOf(c) < 0) {
                throw new EntryFaultException(
                        attribute + " \"" + shown(value) + "\" holds a character that is not allowed" + " there ("
                                + (c > 32 && c < 127 ? "" + c : "octet " + (int) c) + ")");
            }
        }
    }

    private static boolean isPrintable(String value) {
        return value.chars().allMatch(c -> c > 32 && c < 127);
    }
}
