package carteiro.local;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.mail.Outcome;
import carteiro.maildir.DirectorySync;
import carteiro.maildir.Maildir;
import carteiro.maildir.MaildirNames;
import carteiro.maildir.Mbox;
import carteiro.maildir.MessageOctets;
import carteiro.posix.Invocation;
import carteiro.protocol.AccountPrivilege;
import carteiro.protocol.Enqueue;
import carteiro.protocol.FileThreads;
import carteiro.protocol.Lookup.AccountHome;
import carteiro.protocol.Lookup.AccountIdentity;
import carteiro.protocol.Lookup.Answer.Account;
import carteiro.protocol.Lookup.DeliveryInstructions;
import carteiro.protocol.SocketWires;
import java.io.FileInputStream;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * {@code qmail-local [-nN] user homedir local dash ext domain sender defaultdelivery}: delivers the message on standard
 * input, a file, as the caller (docs/programs/qmail-local.md).
 */
public final class QmailLocal {
    static final int PERMANENT = 100;
    static final int TEMPORARY = 111;

    private static final Duration LIMIT = Duration.ofHours(24);

    private final Invocation call;
    private final FileChannel input;
    private final Redirect programInput;
    private final AccountPrivilege privilege;
    private final int uid;
    private final Map<String, String> environment;
    private final Enqueue queue;
    private final EventLog log;

    /**
     * @param input the message; its position is moved
     * @param programInput the same as the standard input of a program
     * @param uid whom to deliver as
     * @param environment for programs
     */
    QmailLocal(
            Invocation call,
            FileChannel input,
            Redirect programInput,
            AccountPrivilege privilege,
            int uid,
            Map<String, String> environment,
            Enqueue queue,
            EventLog log) {
        this.call = call;
        this.input = input;
        this.programInput = programInput;
        this.privilege = privilege;
        this.uid = uid;
        this.environment = Map.copyOf(environment);
        this.queue = queue;
        this.log = log;
    }

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("qmail-local", arguments, QmailLocal::deliver);
    }

    private static int deliver(Invocation call) throws IOException {
        try (var log = new EventLog(call.err(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
                var wires = new SocketWires(Installation.ofEnvironment(call.environment()), log)) {
            FileChannel input = ((FileInputStream) call.in()).getChannel();
            AccountPrivilege privilege = AccountPrivilege.ofThisProcess();
            int uid = switch (privilege) {
                case AccountPrivilege.EveryUser _ -> 0;
                case AccountPrivilege.OneUser(int own) -> own;
            };
            return new QmailLocal(call, input, Redirect.INHERIT, privilege, uid, System.getenv(), wires.enqueue(), log)
                    .run();
        }
    }

    /** What the options ask for. */
    private enum Mode {
        DELIVER,
        LIST
    }

    int run() throws IOException {
        Mode mode = Mode.DELIVER;
        List<String> words = call.arguments();
        while (!words.isEmpty() && words.getFirst().matches("-[nN]+")) {
            mode = words.getFirst().endsWith("n") ? Mode.LIST : Mode.DELIVER;
            words = words.subList(1, words.size());
        }
        boolean unknownOption = false;
        if (!words.isEmpty() && words.getFirst().equals("--")) {
            words = words.subList(1, words.size());
        } else {
            unknownOption = !words.isEmpty() && words.getFirst().startsWith("-");
        }
        if (words.size() != 8 || unknownOption) {
            call.complain("qmail-local: usage: qmail-local [-nN] user homedir local dash ext domain sender"
                    + " defaultdelivery\n");
            return PERMANENT;
        }
        String home = words.get(1);
        if (!home.startsWith("/")) {
            call.complain("qmail-local: the home \"" + home + "\" does not begin with a slash\n");
            return PERMANENT;
        }
        String sender = words.get(6);
        if (sender.length() > Address.LIMIT
                || words.get(2).length() + words.get(5).length() >= Address.LIMIT) {
            call.complain("qmail-local: an address has over " + Address.LIMIT + " octets\n");
            return PERMANENT;
        }
        List<Instruction> defaultDelivery;
        switch (Instruction.parse(words.get(7))) {
            case Instruction.ParsedInstructions.Instructions(var list) -> defaultDelivery = list;
            case Instruction.ParsedInstructions.Mistake(int line, String mistake) -> {
                call.complain("qmail-local: the default delivery is wrong in line " + line + ": " + mistake + "\n");
                return TEMPORARY;
            }
        }
        int gid = (int) Files.getAttribute(Path.of("/proc/self"), "unix:gid");
        var account = new Account(
                new AccountIdentity(words.getFirst(), uid, gid),
                new AccountHome(home, words.get(3), words.get(4)),
                new DeliveryInstructions.DotQmailInstructions());
        var addressing = new Addressing(new Address(sender), words.get(2), words.get(5));
        return switch (mode) {
            case LIST -> list(account, defaultDelivery);
            case DELIVER -> deliver(account, addressing, defaultDelivery);
        };
    }

    // ---- -N

    private int deliver(Account account, Addressing addressing, List<Instruction> defaultDelivery) throws IOException {
        if (account.identity().uid() == 0) {
            call.complain("qmail-local: nothing is delivered as root; run me as the user, for example by setpriv\n");
            return TEMPORARY;
        }
        Path pipes = Files.createTempDirectory("qmail-local");
        try {
            return say(new AccountDelivery(
                            tools(pipes),
                            account,
                            addressing,
                            Envelope.attributes(BodyType.EIGHT_BIT_MIME, AddressForm.ASCII),
                            message(),
                            defaultDelivery,
                            () -> {})
                    .deliver());
        } finally {
            Files.delete(pipes);
        }
    }

    private AccountDelivery.LocalDeliveryContext tools(Path pipes) {
        Clock clock = Clock.systemUTC();
        var sync = new DirectorySync();
        return new AccountDelivery.LocalDeliveryContext(
                new FileThreads("local", privilege, LIMIT, log),
                new Maildir(MaildirNames.ofThisHost(), sync, clock),
                new Mbox(sync, Mbox.PATIENCE),
                new ProgramRunner(privilege, pipes, environment, ProgramRunner.LIMIT),
                new ForwardSender(queue, clock, ProcessHandle.current().pid()),
                log,
                clock);
    }

    private AccountDelivery.DeliverableMessage message() throws IOException {
        input.position(0); // refuses what is no file
        var octets = new MessageOctets.InFile(input, input.size());
        return new AccountDelivery.DeliverableMessage() {
            @Override
            public MessageOctets octets() {
                return octets;
            }

            @Override
            public Redirect input(int user, int group) throws IOException {
                input.position(0); // the position is one for us and the program
                return programInput;
            }
        };
    }

    private int say(Outcome outcome) throws IOException {
        call.print(outcome.report());
        return switch (outcome) {
            case Outcome.Delivered _ -> 0;
            case Outcome.Deferred _ -> TEMPORARY;
            case Outcome.Failed _ -> PERMANENT;
        };
    }

    // ---- -n

    private int list(Account account, List<Instruction> defaultDelivery) throws IOException {
        var home = new HomeFiles(account);
        Optional<DeliveryRefusal> refusal = home.refusal();
        if (refusal.isPresent()) {
            if (!refusal.get().status().equals(DeliveryRefusal.MAILBOX)) {
                return say(refusal.get());
            }
            call.complain("qmail-local: warning: " + refusal.get().sentence() + "\n"); // sticky
        }
        return switch (home.find()) {
            case HomeFiles.DotQmailContent.NoFile() ->
                account.home().dash().isEmpty()
                        ? list(defaultDelivery, HomeFiles.Permitted.ALL)
                        : say(AccountDelivery.NO_MAILBOX_HERE);
            case HomeFiles.DotQmailContent.Empty _ -> list(defaultDelivery, HomeFiles.Permitted.ALL);
            case HomeFiles.DotQmailContent.UnsafeFile(var refused) -> say(refused);
            case HomeFiles.DotQmailContent.InstructionText(var name, String text, var permitted) ->
                switch (Instruction.parse(text)) {
                    case Instruction.ParsedInstructions.Instructions(var instructions) -> list(instructions, permitted);
                    case Instruction.ParsedInstructions.Mistake(int line, String mistake) ->
                        say(AccountDelivery.mistakeIn(name, line, mistake));
                };
        };
    }

    private int say(DeliveryRefusal refusal) throws IOException {
        return say(new DeliveryReport().refused(refusal.status(), refusal.sentence()));
    }

    private int list(List<Instruction> instructions, HomeFiles.Permitted atFirst) throws IOException {
        HomeFiles.Permitted permitted = atFirst;
        int files = 0;
        int forwards = 0;
        int programs = 0;
        for (Instruction instruction : instructions) {
            Optional<DeliveryRefusal> refusal = AccountDelivery.forbidden(instruction, permitted);
            if (refusal.isPresent()) {
                return say(refusal.get());
            }
            switch (instruction) {
                case Instruction.ForwardsFromHere() -> permitted = HomeFiles.Permitted.FORWARDS;
                case Instruction.ForwardLine(Address target) -> {
                    forwards++;
                    call.print("forward " + target.octets() + "\n");
                }
                case Instruction.ProgramLine(String command) -> {
                    programs++;
                    call.print("program " + command + "\n");
                }
                case Instruction.MaildirLine(String folder) -> {
                    files++;
                    call.print("maildir " + folder + "\n");
                }
                case Instruction.MboxLine(String file) -> {
                    files++;
                    call.print("mbox " + file + "\n");
                }
            }
        }
        call.print("did " + files + "+" + forwards + "+" + programs + "\n");
        return 0;
    }
}
