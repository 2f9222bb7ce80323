package carteiro.protocol;

import carteiro.mail.Address;
import carteiro.mail.Status;
import carteiro.posix.UnixId;
import carteiro.protocol.DoorKeeper.Caller;
import carteiro.protocol.DoorKeeper.Standing;
import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.Lookup.DotFiles;
import carteiro.protocol.Lookup.Mailbox;
import carteiro.protocol.Lookup.Recipe;
import carteiro.protocol.Lookup.Verdict;
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
    static final Answers.Limits LIMITS =
            new Answers.Limits(Address.LIMIT + 64, 96 * 1024, Duration.ofMinutes(1), 1_000);

    private static final Status NOT_TOLD = new Status(4, 7, 0);

    private static final int MOST_TARGETS = 500;
    private static final int TEXT = 4096;

    /** How long an answer may take: several directory servers, each with its own time-out. */
    static final Duration LIMIT = Duration.ofMinutes(2);

    private LookupWire() {}

    /** The side of those who ask. */
    static final class Client implements Lookup {
        private final Questions questions;

        Client(Questions questions) {
            this.questions = questions;
        }

        @Override
        public Verdict recipient(Address envelopeRecipient) throws IOException {
            return verdict(ask("R", envelopeRecipient));
        }

        @Override
        public Answer account(Address localRecipient) throws IOException {
            return answer(ask("A", localRecipient));
        }

        private FrameReader ask(String question, Address address) throws IOException {
            return questions.ask(LIMIT, frame -> frame.put(question).put(address.octets()));
        }
    }

    /** The side of lookup. */
    static DoorKeeper.Server server(Lookup lookup, Watchdog watchdog) {
        return Answers.server(LIMITS, watchdog, (frame, answer, caller) -> {
            String question = frame.text(1);
            Address address = Frames.address(frame);
            frame.end();
            switch (question) {
                case "R" -> put(answer, fit(lookup.recipient(address), caller));
                case "A" -> put(answer, fit(lookup.account(address), caller));
                default -> throw new MalformedFrameException("no question: " + question);
            }
        });
    }

    /** What a caller may be told: why the answer is not now may name servers and entries. */
    private static Verdict fit(Verdict verdict, Caller caller) {
        return switch (verdict) {
            case Verdict.NotNow(var status, var _)
            when caller.guest() -> new Verdict.NotNow(status, "the log of lookup says why");
            case Verdict.NotNow _, Verdict.Known _, Verdict.Elsewhere _, Verdict.Unknown _ -> verdict;
        };
    }

    /** What a caller may be told: commands and forwards are the account's own affair. */
    private static Answer fit(Answer answer, Caller caller) {
        if (caller.standing() == Standing.OWN) {
            return answer;
        }
        return switch (answer) {
            case Answer.Account account when account.uid() == caller.uid() -> account;
            case Answer.Unknown unknown -> unknown;
            case Answer.NotNow(var status, var _) -> new Answer.NotNow(status, "the log of lookup says why");
            case Answer.Account _, Answer.Forward _, Answer.Remote _, Answer.Trash _ ->
                new Answer.NotNow(NOT_TOLD, "this is told to root and to the account's own user alone");
        };
    }

    private static void put(FrameWriter frame, Verdict verdict) {
        switch (verdict) {
            case Verdict.Known() -> frame.put("known");
            case Verdict.Elsewhere() -> frame.put("remote");
            case Verdict.Unknown(var status, var reason) -> put(frame, "unknown", status, reason);
            case Verdict.NotNow(var status, var reason) -> put(frame, "notnow", status, reason);
        }
    }

    private static void put(FrameWriter frame, String word, Status status, String reason) {
        frame.put(word);
        Frames.put(frame, status);
        frame.put(Frames.cut(reason));
    }

    private static Verdict verdict(FrameReader frame) throws MalformedFrameException {
        Verdict verdict = switch (frame.text(16)) {
            case "known" -> new Verdict.Known();
            case "remote" -> new Verdict.Elsewhere();
            case "unknown" -> new Verdict.Unknown(Frames.status(frame), frame.text(Frames.REPORT_LIMIT));
            case "notnow" -> new Verdict.NotNow(Frames.status(frame), frame.text(Frames.REPORT_LIMIT));
            default -> throw new MalformedFrameException("lookup gave no verdict we know");
        };
        frame.end();
        return verdict;
    }

    private static void put(FrameWriter frame, Answer answer) {
        switch (answer) {
            case Answer.Account account -> {
                frame.put("account")
                        .put(account.user())
                        .put(UnixId.number(account.uid()))
                        .put(UnixId.number(account.gid()));
                frame.put(account.home()).put(account.dash()).put(account.extension());
                put(frame, account.recipe());
            }
            case Answer.Forward(var targets) -> {
                frame.put("forward");
                Frames.put(frame, targets);
            }
            case Answer.Remote() -> frame.put("remote");
            case Answer.Trash() -> frame.put("trash");
            case Answer.Unknown(var status, var reason) -> put(frame, "unknown", status, reason);
            case Answer.NotNow(var status, var reason) -> put(frame, "notnow", status, reason);
        }
    }

    private static void put(FrameWriter frame, Recipe recipe) {
        switch (recipe) {
            case Recipe.DotQmail() -> frame.put("dotqmail");
            case Recipe.Directory directory -> {
                frame.put("directory").put(directory.delivery());
                frame.put(directory.mailbox().name()).put(directory.dotFiles().name());
                frame.put(directory.programs().size());
                directory.programs().forEach(frame::put);
                Frames.put(frame, directory.forwards());
            }
        }
    }

    private static Answer answer(FrameReader frame) throws MalformedFrameException {
        Answer answer = switch (frame.text(16)) {
            case "account" ->
                new Answer.Account(
                        frame.text(TEXT),
                        UnixId.of(frame.number(1, UnixId.MOST)),
                        UnixId.of(frame.number(0, UnixId.MOST)),
                        frame.text(TEXT),
                        frame.text(TEXT),
                        frame.text(TEXT),
                        recipe(frame));
            case "forward" -> new Answer.Forward(Frames.addresses(frame, MOST_TARGETS));
            case "remote" -> new Answer.Remote();
            case "trash" -> new Answer.Trash();
            case "unknown" -> new Answer.Unknown(Frames.status(frame), frame.text(Frames.REPORT_LIMIT));
            case "notnow" -> new Answer.NotNow(Frames.status(frame), frame.text(Frames.REPORT_LIMIT));
            default -> throw new MalformedFrameException("lookup gave no answer we know");
        };
        frame.end();
        return answer;
    }

    private static Recipe recipe(FrameReader frame) throws MalformedFrameException {
        return switch (frame.text(16)) {
            case "dotqmail" -> new Recipe.DotQmail();
            case "directory" -> {
                String delivery = frame.text(TEXT);
                Mailbox mailbox = Frames.constant(frame, Mailbox.class);
                DotFiles dotFiles = Frames.constant(frame, DotFiles.class);
                int count = (int) frame.number(0, MOST_TARGETS);
                List<String> programs = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    programs.add(frame.text(TEXT));
                }
                yield new Recipe.Directory(
                        delivery, mailbox, programs, Frames.addresses(frame, MOST_TARGETS), dotFiles);
            }
            default -> throw new MalformedFrameException("lookup gave no recipe we know");
        };
    }
}
