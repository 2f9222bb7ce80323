package carteiro.local;

import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.mail.Address;
import carteiro.mail.Attributes;
import carteiro.mail.DotQmailName;
import carteiro.mail.Envelope;
import carteiro.mail.Octets;
import carteiro.mail.Outcome;
import carteiro.mail.RecipientList;
import carteiro.maildir.Maildir;
import carteiro.maildir.Mbox;
import carteiro.maildir.MboxEntry;
import carteiro.maildir.MessageOctets;
import carteiro.protocol.BusyException;
import carteiro.protocol.FileThreads;
import carteiro.protocol.Lookup.Answer.Account;
import carteiro.protocol.Lookup.DeliveryInstructions;
import carteiro.protocol.Lookup.DotFiles;
import carteiro.protocol.Lookup.Mailbox;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One delivery into one account, in the order of qmail-local: home, loop, instructions, then each of them from top to
 * bottom, and at last all forwards in one message. The first failure ends it; what was delivered before stays, and is
 * delivered again when the message is tried again.
 *
 * <p>One thread at a time, but two take turns: the caller, and a thread of the user's identity for files.
 */
final class AccountDelivery {
    private static final DotQmailName NO_FILE = new DotQmailName("", "", DotQmailName.DotQmailMatch.EXACT);
    private static final List<Integer> PERMANENT = List.of(100, 64, 65, 70, 76, 77, 78, 112);
    private static final int STOP = 99;

    static final DeliveryRefusal NO_MAILBOX_HERE =
            new DeliveryRefusal(DeliveryRefusal.NO_MAILBOX, "Sorry, no mailbox here by that name.", "");

    /** What all deliveries share. */
    record LocalDeliveryContext(
            FileThreads files,
            Maildir maildir,
            Mbox mbox,
            ProgramRunner programs,
            ForwardSender forwarding,
            EventLog log,
            InstantSource clock) {}

    /** The message, and how a program reads it. */
    interface DeliverableMessage {
        MessageOctets octets();

        /** It, from its first octet, as a program's standard input. */
        Redirect input(int uid, int gid) throws IOException;
    }

    /** Asked before the first instruction is done, if there is a program among them. */
    interface ProgramSlot {
        void take() throws BusyException;
    }

    /** What comes next, after the work on files that could be done. */
    private sealed interface Step {
        /** Whether programs may be run. */
        record AskForPrograms() implements Step {}

        /** A program, as a child. */
        record RunProgram(String command) implements Step {}

        /** The forwards: every instruction is done. */
        record Finish() implements Step {}

        /** Nothing. */
        record EndDelivery(Outcome outcome) implements Step {}
    }

    private static final String DELIVERING = "Cannot deliver now";

    private final LocalDeliveryContext tools;
    private final Account account;
    private final Addressing addressing;
    private final Attributes ofForward;
    private final DeliverableMessage message;
    private final List<Instruction> defaultDelivery;
    private final ProgramSlot slot;
    private final DeliveryReport report = new DeliveryReport();
    private final Instant begun;

    private List<Instruction> instructions = List.of();
    private HomeFiles.Permitted permitted = HomeFiles.Permitted.ALL;
    private DotQmailName found = NO_FILE;
    private boolean loops;
    private String doing = DELIVERING; // what a scrap of trouble is about, in qmail's words
    private boolean prepared;
    private int next;

    private final List<Address> forwards = new ArrayList<>();
    private Optional<Address> newSender = Optional.empty();
    private int files;
    private int programs;

    /** @param ofForward the attributes that a forward gets, but for the uid */
    AccountDelivery(
            LocalDeliveryContext tools,
            Account account,
            Addressing addressing,
            Attributes ofForward,
            DeliverableMessage message,
            List<Instruction> defaultDelivery,
            ProgramSlot slot) {
        this.tools = tools;
        this.account = account;
        this.addressing = addressing;
        this.ofForward = ofForward;
        this.message = message;
        this.defaultDelivery = defaultDelivery;
        this.slot = slot;
        this.begun = tools.clock().instant();
    }

    /**
     * Delivers.
     *
     * @throws BusyException if no program may be run now; nothing was done
     */
    Outcome deliver() throws BusyException {
        try {
            loops = LoopScan.finds(addressing.deliveredTo(), message.octets());
            while (true) {
                switch (tools.files()
                        .as(account.identity().uid(), account.identity().gid(), this::step)) {
                    case Step.AskForPrograms() -> slot.take();
                    case Step.RunProgram(String command) -> {
                        Optional<Outcome> end = run(command);
                        if (end.isPresent()) {
                            return end.get();
                        }
                        if (next == instructions.size()) {
                            return finish();
                        }
                    }
                    case Step.Finish() -> {
                        return finish();
                    }
                    case Step.EndDelivery(Outcome outcome) -> {
                        return outcome;
                    }
                }
            }
        } catch (BusyException e) {
            throw e;
        } catch (IOException e) {
            return trouble(doing, e);
        }
    }

    private Outcome trouble(String what, IOException e) {
        note("delivery for " + addressing.recipient() + " waits: " + LogText.reason(e));
        String why = e instanceof AccessDeniedException ? "permission denied" : "trouble with files or programs";
        return report.refused(DeliveryRefusal.SYSTEM, what + ": " + why + ".");
    }

    private void note(String text) {
        tools.log()
                .warning(
                        "local",
                        "account " + account.identity().user() + " (uid "
                                + Integer.toUnsignedString(account.identity().uid()) + "): " + text);
    }

    private Step refused(DeliveryRefusal refusal) {
        if (!refusal.note().isEmpty()) {
            note(refusal.note());
        }
        return new Step.EndDelivery(report.refused(refusal.status(), refusal.sentence()));
    }

    // ---- As the user

    private Step step() throws IOException {
        var home = new HomeFiles(account);
        if (!prepared) {
            Optional<DeliveryRefusal> refusal = home.refusal();
            if (refusal.isPresent()) {
                return refused(refusal.get());
            }
            if (loops) {
                return new Step.EndDelivery(report.refused(
                        DeliveryRefusal.LOOP, "This message is looping: it already has my Delivered-To line."));
            }
            refusal = prepare(home);
            if (refusal.isPresent()) {
                return refused(refusal.get());
            }
            prepared = true;
            if (instructions.stream().anyMatch(Instruction.ProgramLine.class::isInstance)) {
                return new Step.AskForPrograms();
            }
        }
        while (next < instructions.size()) {
            Instruction instruction = instructions.get(next);
            next++;
            doing = DELIVERING;
            Optional<DeliveryRefusal> refusal = forbidden(instruction, permitted);
            if (refusal.isPresent()) {
                return refused(refusal.get());
            }
            switch (instruction) {
                case Instruction.ForwardsFromHere() -> permitted = HomeFiles.Permitted.FORWARDS;
                case Instruction.ForwardLine(Address target) -> {
                    forwards.add(target);
                    chooseSender(home);
                }
                case Instruction.ProgramLine(String command) -> {
                    programs++;
                    chooseSender(home);
                    return new Step.RunProgram(command);
                }
                case Instruction.MaildirLine(String folder) -> {
                    files++;
                    refusal = intoMaildir(home.resolve(folder));
                }
                case Instruction.MboxLine(String file) -> {
                    files++;
                    refusal = intoMbox(home.resolve(file));
                }
            }
            if (refusal.isPresent()) {
                return refused(refusal.get());
            }
        }
        return new Step.Finish();
    }

    /** Finds the instructions. */
    private Optional<DeliveryRefusal> prepare(HomeFiles home) throws IOException {
        return switch (account.instructions()) {
            case DeliveryInstructions.DotQmailInstructions() -> readDotQmail(home, defaultDelivery, List.of());
            case DeliveryInstructions.DirectoryInstructions(
                    String delivery,
                    Mailbox mailbox,
                    List<String> commands,
                    List<Address> targets,
                    DotFiles dotFiles) -> {
                List<Instruction> mailboxDelivery;
                switch (delivery.isEmpty()
                        ? new Instruction.ParsedInstructions.Instructions(defaultDelivery)
                        : Instruction.parse(delivery)) {
                    case Instruction.ParsedInstructions.Instructions(var list) -> mailboxDelivery = list;
                    case Instruction.ParsedInstructions.Mistake(int _, String text) -> {
                        yield Optional.of(new DeliveryRefusal(
                                DeliveryRefusal.MAILBOX,
                                "The mailbox of this account is not well defined.",
                                "the mailbox in the directory cannot be used: " + text));
                    }
                }
                var first = new ArrayList<Instruction>();
                commands.forEach(command -> first.add(new Instruction.ProgramLine(command)));
                targets.forEach(target -> first.add(new Instruction.ForwardLine(target)));
                switch (mailbox) {
                    case KEEP -> first.addAll(mailboxDelivery);
                    case NONE -> {}
                }
                yield switch (dotFiles) {
                    case IGNORED -> {
                        instructions = List.copyOf(first);
                        newSender = Optional.of(addressing.sender());
                        yield Optional.empty();
                    }
                    case APPENDED -> readDotQmail(home, List.of(), first);
                    case ALONE -> readDotQmail(home, mailboxDelivery, List.of());
                };
            }
        };
    }

    /**
     * Reads the account's {@code .qmail} file.
     *
     * @param otherwise what is done if there is none, or an empty one
     * @param first what is done before; with it, an extension needs no file
     */
    private Optional<DeliveryRefusal> readDotQmail(HomeFiles home, List<Instruction> otherwise, List<Instruction> first)
            throws IOException {
        var all = new ArrayList<>(first);
        switch (home.find()) {
            case HomeFiles.DotQmailContent.NoFile() -> {
                if (!account.home().dash().isEmpty() && first.isEmpty()) {
                    return Optional.of(NO_MAILBOX_HERE);
                }
                all.addAll(otherwise);
            }
            case HomeFiles.DotQmailContent.Empty(var name) -> {
                found = name;
                all.addAll(otherwise);
            }
            case HomeFiles.DotQmailContent.UnsafeFile(var refusal) -> {
                return Optional.of(refusal);
            }
            case HomeFiles.DotQmailContent.InstructionText(var name, var text, var allowed) -> {
                found = name;
                permitted = allowed;
                switch (Instruction.parse(text)) {
                    case Instruction.ParsedInstructions.Instructions(var list) -> all.addAll(list);
                    case Instruction.ParsedInstructions.Mistake(int line, String mistake) -> {
                        return Optional.of(mistakeIn(name, line, mistake));
                    }
                }
            }
        }
        instructions = List.copyOf(all);
        return Optional.empty();
    }

    static DeliveryRefusal mistakeIn(DotQmailName name, int line, String mistake) {
        return new DeliveryRefusal(
                DeliveryRefusal.MAILBOX,
                mistake.equals(Instruction.BLANK)
                        ? "Uh-oh: first line of .qmail file is blank."
                        : "Uh-oh: .qmail file is wrong in line " + line + ": " + mistake + ".",
                name.file() + ":" + line + ": " + mistake);
    }

    /** Why an instruction must not be done; empty if it may. */
    static Optional<DeliveryRefusal> forbidden(Instruction instruction, HomeFiles.Permitted permitted) {
        if (permitted == HomeFiles.Permitted.ALL) {
            return Optional.empty();
        }
        return switch (instruction) {
            case Instruction.MaildirLine _, Instruction.MboxLine _ -> Optional.of(forwardsOnly("file"));
            case Instruction.ProgramLine _ -> Optional.of(forwardsOnly("prog"));
            case Instruction.ForwardLine _, Instruction.ForwardsFromHere _ -> Optional.empty();
        };
    }

    private static DeliveryRefusal forwardsOnly(String kind) {
        return new DeliveryRefusal(
                DeliveryRefusal.SECURITY, "Uh-oh: .qmail has " + kind + " delivery but has x bit set.", "");
    }

    private void chooseSender(HomeFiles home) throws IOException {
        if (newSender.isEmpty()) {
            newSender = Optional.of(home.newSender(addressing));
        }
    }

    private Optional<DeliveryRefusal> intoMaildir(Path folder) throws IOException {
        doing = "Temporary error on maildir delivery";
        return switch (tools.maildir().deliver(folder, addressing.header(), message.octets())) {
            case DELIVERED -> Optional.empty();
            case NO_MAILDIR ->
                Optional.of(new DeliveryRefusal(
                        DeliveryRefusal.MAILBOX,
                        "Unable to chdir to maildir.",
                        folder + " is no Maildir; make it by maildirmake, as this user"));
        };
    }

    private Optional<DeliveryRefusal> intoMbox(Path file) throws IOException {
        doing = "Unable to write mailbox file";
        byte[] header = Octets.bytes(fromLine() + addressing.returnPath() + addressing.deliveredTo());
        return switch (tools.mbox().deliver(file, header, message.octets())) {
            case DELIVERED -> Optional.empty();
            case LOCKED ->
                Optional.of(new DeliveryRefusal(
                        DeliveryRefusal.SYSTEM,
                        "File has been locked for " + Mbox.PATIENCE.toSeconds() + " seconds straight.",
                        file + " was locked for " + Mbox.PATIENCE.toSeconds() + " seconds"));
            case NO_FILE ->
                Optional.of(new DeliveryRefusal(
                        DeliveryRefusal.MAILBOX,
                        "The mailbox is no regular file.",
                        file
                                + (Files.isDirectory(file)
                                        ? " is a folder; a Maildir is named with a slash at its end, ./Maildir/"
                                        : " is no regular file")));
        };
    }

    private String fromLine() {
        return MboxEntry.fromLine(addressing.sender(), begun);
    }

    // ---- As ourselves

    /** Runs a program; the end of the delivery, or empty if it goes on. */
    private Optional<Outcome> run(String command) throws IOException {
        doing = "Unable to run a program";
        var variables = ProgramVariables.of(addressing, account, newSender.orElseThrow(), found, fromLine());
        Redirect input =
                message.input(account.identity().uid(), account.identity().gid());
        return switch (tools.programs().run(account, command, variables, input, report)) {
            case ProgramRunner.ProgramEnd.TimedOut() ->
                Optional.of(report.refused(
                        DeliveryRefusal.SYSTEM,
                        "A program ran for over " + ProgramRunner.LIMIT.toHours() + " hours and was killed."));
            case ProgramRunner.ProgramEnd.KilledByStop() ->
                Optional.of(
                        report.refused(DeliveryRefusal.SYSTEM, "A program was killed because the mail system stops."));
            case ProgramRunner.ProgramEnd.Exited(int code) -> {
                if (code == 0) {
                    yield Optional.empty();
                }
                if (code == STOP) {
                    next = instructions.size();
                    yield Optional.empty();
                }
                if (code > 128) {
                    yield Optional.of(report.refused(DeliveryRefusal.SYSTEM, "Aack, child crashed."));
                }
                yield Optional.of(report.refusedByProgram(PERMANENT.contains(code) ? 5 : 4));
            }
        };
    }

    private Outcome finish() {
        String did = "did " + files + "+" + forwards.size() + "+" + programs + "\n";
        if (forwards.isEmpty()) {
            return report.delivered(did);
        }
        var envelope = new Envelope(newSender.orElseThrow(), RecipientList.of(forwards), ofForward)
                .by(account.identity().uid());
        return tools.forwarding().send(envelope, forwardLines(), message.octets(), did, report);
    }

    private String forwardLines() {
        boolean bulk = account.instructions() instanceof DeliveryInstructions.DirectoryInstructions directory
                && directory.forwards().size() > 1;
        return addressing.deliveredTo() + (bulk ? "Precedence: bulk\n" : "");
    }
}
