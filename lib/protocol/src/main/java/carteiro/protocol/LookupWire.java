package carteiro.protocol;

import carteiro.mail.Address;
import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.Lookup.DotFiles;
import carteiro.protocol.Lookup.Mailbox;
import carteiro.protocol.Lookup.Recipe;
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
    static final Answers.Limits LIMITS = new Answers.Limits(Address.LIMIT + 64, 1 << 20);
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
        public Answer recipient(Address envelopeRecipient) throws IOException {
            return ask("R", envelopeRecipient);
        }

        @Override
        public Answer account(Address localRecipient) throws IOException {
            return ask("A", localRecipient);
        }

        private Answer ask(String question, Address address) throws IOException {
            return answer(questions.ask(LIMIT, frame -> frame.put(question).put(address.octets())));
        }
    }

    /** The side of lookup. */
    static DoorKeeper.Server server(Lookup lookup, Watchdog watchdog) {
        return Answers.server(LIMITS, watchdog, (frame, answer, _) -> {
            String question = frame.text(1);
            Address address = Frames.address(frame);
            frame.end();
            put(
                    answer,
                    switch (question) {
                        case "R" -> lookup.recipient(address);
                        case "A" -> lookup.account(address);
                        default -> throw new MalformedFrameException("no question: " + question);
                    });
        });
    }

    private static void put(FrameWriter frame, Answer answer) {
        switch (answer) {
            case Answer.Account account -> {
                frame.put("account").put(account.user()).put(account.uid()).put(account.gid());
                frame.put(account.home()).put(account.dash()).put(account.extension());
                put(frame, account.recipe());
            }
            case Answer.Forward(var targets) -> {
                frame.put("forward");
                Frames.put(frame, targets);
            }
            case Answer.Remote() -> frame.put("remote");
            case Answer.Trash() -> frame.put("trash");
            case Answer.Unknown(var status, var reason) -> {
                frame.put("unknown");
                Frames.put(frame, status);
                frame.put(Frames.cut(reason));
            }
            case Answer.NotNow(var status, var reason) -> {
                frame.put("notnow");
                Frames.put(frame, status);
                frame.put(Frames.cut(reason));
            }
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
                        (int) frame.number(1, Integer.MAX_VALUE),
                        (int) frame.number(0, Integer.MAX_VALUE),
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
