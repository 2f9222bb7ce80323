package carteiro.protocol;

import carteiro.mail.Address;
import carteiro.mail.Status;
import carteiro.posix.UnixId;
import carteiro.protocol.EndpointServer.Caller;
import carteiro.protocol.EndpointServer.CallerRole;
import carteiro.protocol.Lookup.AccountHome;
import carteiro.protocol.Lookup.AccountIdentity;
import carteiro.protocol.Lookup.AddressVerdict;
import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.Lookup.DeliveryInstructions;
import carteiro.protocol.Lookup.DotFiles;
import carteiro.protocol.Lookup.LookupPurpose;
import carteiro.protocol.Lookup.LookupQuestion;
import carteiro.protocol.Lookup.Mailbox;
import carteiro.protocol.Lookup.RecipientAnswer;
import carteiro.wire.FrameReader;
import carteiro.wire.FrameWriter;
import carteiro.wire.MalformedFrameException;
import carteiro.wire.Watchdog;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Lookup over a socket (docs/protocols/lookup.md): numbered questions. */
final class LookupWire {
    /** An answer has at most so many octets of programs and forwards, and the rest; a thousand of them may be in memory. */
    static final RequestServer.RequestLimits LIMITS =
            new RequestServer.RequestLimits(2 * Address.LIMIT + Frames.SHORT, 96 * 1024, Duration.ofMinutes(1), 1_000);

    private static final Status NOT_TOLD = new Status(4, 7, 0);

    private static final int MOST_TARGETS = 500;
    private static final int TEXT = 4096;

    /** How long an answer may take: several directory servers, each with its own time-out. */
    static final Duration LIMIT = Duration.ofMinutes(2);

    private LookupWire() {}

    /** The side of those who ask. */
    static final class LookupClient implements Lookup {
        private final RequestClient requests;
        private final ForeignDomains foreign;

        LookupClient(RequestClient requests, ForeignDomains foreign) {
            this.requests = requests;
            this.foreign = foreign;
        }

        @Override
        public RecipientAnswer recipient(LookupQuestion question) throws IOException {
            Address recipient = question.recipient();
            if (foreign.holds(recipient)) {
                return new RecipientAnswer(recipient.domain(), false, new AddressVerdict.RemoteAddress());
            }
            ForeignDomains.Asked asked = foreign.asking();
            return recipientAnswer(ask("R", question), () -> foreign.add(recipient, asked));
        }

        @Override
        public Answer account(LookupQuestion question) throws IOException {
            return answer(ask("A", question));
        }

        private FrameReader ask(String wanted, LookupQuestion question) throws IOException {
            return requests.ask(
                    LIMIT,
                    frame -> frame.put(wanted)
                            .put(question.purpose().name())
                            .put(question.recipient().octets())
                            .put(question.sender().octets()));
        }
    }

    /** The side of lookup. */
    static EndpointServer.ConnectionHandler server(Lookup lookup, Watchdog watchdog) {
        return RequestServer.server(LIMITS, watchdog, (frame, answer, caller) -> {
            String wanted = frame.text(1);
            LookupPurpose purpose = Frames.constant(frame, LookupPurpose.class);
            var question = new LookupQuestion(Frames.address(frame), Frames.address(frame), purpose);
            frame.end();
            switch (wanted) {
                case "R" ->
                    put(answer, fit(lookup.recipient(question), caller), lookup.isForeign(question.recipient()));
                case "A" -> put(answer, fit(lookup.account(question), caller));
                default -> throw new MalformedFrameException("no question: " + wanted);
            }
        });
    }

    /** What a caller may be told: why the answer is not now may name servers and entries. */
    private static RecipientAnswer fit(RecipientAnswer answer, Caller caller) {
        return switch (answer.verdict()) {
            case AddressVerdict.Undecided(var status, var _)
            when caller.guest() ->
                new RecipientAnswer(
                        answer.domain(),
                        answer.ours(),
                        new AddressVerdict.Undecided(status, "the log of lookup says why"));
            case AddressVerdict.Undecided _,
                    AddressVerdict.KnownAddress _,
                    AddressVerdict.RemoteAddress _,
                    AddressVerdict.GatewayAddress _,
                    AddressVerdict.UnknownAddress _ -> answer;
        };
    }

    /** What a caller may be told: commands and forwards are the account's own affair. */
    private static Answer fit(Answer answer, Caller caller) {
        if (caller.standing() == CallerRole.OWN) {
            return answer;
        }
        return switch (answer) {
            case Answer.Account account when account.identity().uid() == caller.uid() -> account;
            case Answer.NoSuchAddress unknown -> unknown;
            case Answer.Unresolved(var status, var _) -> new Answer.Unresolved(status, "the log of lookup says why");
            case Answer.Account _, Answer.ForwardOnly _, Answer.OtherHost _, Answer.Trash _ ->
                new Answer.Unresolved(NOT_TOLD, "this is told to root and to the account's own user alone");
        };
    }

    private static void put(FrameWriter frame, RecipientAnswer answer, boolean foreign) {
        frame.put(answer.domain()).put(answer.ours() ? "Y" : "N");
        switch (answer.verdict()) {
            case AddressVerdict.KnownAddress() -> frame.put("known");
            case AddressVerdict.RemoteAddress() -> frame.put(foreign ? "foreign" : "remote");
            case AddressVerdict.GatewayAddress() -> frame.put("gateway");
            case AddressVerdict.UnknownAddress(var status, var reason) -> put(frame, "unknown", status, reason);
            case AddressVerdict.Undecided(var status, var reason) -> put(frame, "notnow", status, reason);
        }
    }

    private static void put(FrameWriter frame, String word, Status status, String reason) {
        frame.put(word);
        Frames.put(frame, status);
        frame.put(Frames.cut(reason));
    }

    private static RecipientAnswer recipientAnswer(FrameReader frame, Runnable foreign) throws MalformedFrameException {
        String domain = frame.text(Address.LIMIT);
        boolean ours = yes(frame);
        AddressVerdict verdict = switch (frame.text(16)) {
            case "known" -> new AddressVerdict.KnownAddress();
            case "remote" -> new AddressVerdict.RemoteAddress();
            case "foreign" -> {
                foreign.run();
                yield new AddressVerdict.RemoteAddress();
            }
            case "gateway" -> new AddressVerdict.GatewayAddress();
            case "unknown" -> new AddressVerdict.UnknownAddress(Frames.status(frame), frame.text(Frames.REPORT_LIMIT));
            case "notnow" -> new AddressVerdict.Undecided(Frames.status(frame), frame.text(Frames.REPORT_LIMIT));
            default -> throw new MalformedFrameException("lookup gave no verdict we know");
        };
        frame.end();
        return new RecipientAnswer(domain, ours, verdict);
    }

    private static boolean yes(FrameReader frame) throws MalformedFrameException {
        return switch (frame.text(1)) {
            case "Y" -> true;
            case "N" -> false;
            default -> throw new MalformedFrameException("lookup gave neither Y nor N");
        };
    }

    private static void put(FrameWriter frame, Answer answer) {
        switch (answer) {
            case Answer.Account account -> {
                frame.put("account")
                        .put(account.identity().user())
                        .put(UnixId.number(account.identity().uid()))
                        .put(UnixId.number(account.identity().gid()));
                frame.put(account.home().folder())
                        .put(account.home().dash())
                        .put(account.home().extension());
                put(frame, account.instructions());
            }
            case Answer.ForwardOnly(var targets) -> {
                frame.put("forward");
                Frames.putAddresses(frame, targets);
            }
            case Answer.OtherHost() -> frame.put("remote");
            case Answer.Trash() -> frame.put("trash");
            case Answer.NoSuchAddress(var status, var reason) -> put(frame, "unknown", status, reason);
            case Answer.Unresolved(var status, var reason) -> put(frame, "notnow", status, reason);
        }
    }

    private static void put(FrameWriter frame, DeliveryInstructions instructions) {
        switch (instructions) {
            case DeliveryInstructions.DotQmailInstructions() -> frame.put("dotqmail");
            case DeliveryInstructions.DirectoryInstructions directory -> {
                frame.put("directory").put(directory.delivery());
                frame.put(directory.mailbox().name()).put(directory.dotFiles().name());
                frame.put(directory.programs().size());
                directory.programs().forEach(frame::put);
                Frames.putAddresses(frame, directory.forwards());
            }
        }
    }

    private static Answer answer(FrameReader frame) throws MalformedFrameException {
        Answer answer = switch (frame.text(16)) {
            case "account" ->
                new Answer.Account(
                        new AccountIdentity(
                                frame.text(TEXT),
                                UnixId.of(frame.number(1, UnixId.MOST)),
                                UnixId.of(frame.number(0, UnixId.MOST))),
                        new AccountHome(frame.text(TEXT), frame.text(TEXT), frame.text(TEXT)),
                        instructions(frame));
            case "forward" -> new Answer.ForwardOnly(Frames.addresses(frame, MOST_TARGETS));
            case "remote" -> new Answer.OtherHost();
            case "trash" -> new Answer.Trash();
            case "unknown" -> new Answer.NoSuchAddress(Frames.status(frame), frame.text(Frames.REPORT_LIMIT));
            case "notnow" -> new Answer.Unresolved(Frames.status(frame), frame.text(Frames.REPORT_LIMIT));
            default -> throw new MalformedFrameException("lookup gave no answer we know");
        };
        frame.end();
        return answer;
    }

    private static DeliveryInstructions instructions(FrameReader frame) throws MalformedFrameException {
        return switch (frame.text(16)) {
            case "dotqmail" -> new DeliveryInstructions.DotQmailInstructions();
            case "directory" -> {
                String delivery = frame.text(TEXT);
                Mailbox mailbox = Frames.constant(frame, Mailbox.class);
                DotFiles dotFiles = Frames.constant(frame, DotFiles.class);
                int count = (int) frame.number(0, MOST_TARGETS);
                List<String> programs = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    programs.add(frame.text(TEXT));
                }
                yield new DeliveryInstructions.DirectoryInstructions(
                        delivery, mailbox, programs, Frames.addresses(frame, MOST_TARGETS), dotFiles);
            }
            default -> throw new MalformedFrameException("lookup gave no instructions we know");
        };
    }
}
