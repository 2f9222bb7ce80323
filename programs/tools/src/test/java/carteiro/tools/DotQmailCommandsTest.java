package carteiro.tools;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.mail.Status;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.testkit.Covers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The commands for lines of {@code .qmail}. */
class DotQmailCommandsTest {
    private static final String MESSAGE = "Subject: hi\n\nbody \u00e9\n";
    private static final String DTLINE = "Delivered-To: joe@example.org\n";

    @TempDir
    Path folder;

    private final Recorded queue = new Recorded();

    private Tool dotQmail() {
        return new Tool()
                .with("SENDER", "ann@example.org")
                .with("NEWSENDER", "owner@example.org")
                .with("UFLINE", "From ann@example.org Tue Nov 24 04:00:00 2026\n")
                .with("RPLINE", "Return-Path: <ann@example.org>\n")
                .with("DTLINE", DTLINE)
                .reading(MESSAGE);
    }

    @Test
    @Covers("qmail:T04")
    void forwardSendsToAllAddressesWithTheNewSender() {
        var result = dotQmail().run(Forward::run, queue, "bob@example.net", "carl");
        assertThat(result.code()).isZero();
        assertThat(result.err()).isEqualTo("forward: qp 457\n");
        assertThat(queue.only().sender()).isEqualTo("owner@example.org");
        assertThat(queue.only().recipients()).containsExactly("bob@example.net", "carl");
        assertThat(queue.only().withoutReceived()).isEqualTo(DTLINE + MESSAGE);
        assertThat(queue.only().text()).matches("(?s)Received: \\(qmail \\d+ invoked [^)]*\\); .*");
    }

    @Test
    @Covers("qmail:T04")
    void forwardTellsTroubleFromRefusal() {
        queue.answer = new Receipt.TemporaryFailure(new Status(4, 3, 1), "disk low");
        assertThat(dotQmail().run(Forward::run, queue, "bob")).satisfies(result -> {
            assertThat(result.code()).isEqualTo(111);
            assertThat(result.err()).isEqualTo("forward: fatal: unable to forward message: disk low (#4.3.1)\n");
        });
        queue.answer = new Receipt.PermanentFailure(new Status(5, 3, 4), "too large");
        assertThat(dotQmail().run(Forward::run, queue, "bob").code()).isEqualTo(100);
        assertThat(dotQmail().run(Forward::run, queue).code()).isEqualTo(100);
        assertThat(dotQmail().run(Forward::run, queue, "x".repeat(1001)).code()).isEqualTo(100);
        assertThat(new Tool().with("DTLINE", DTLINE).run(Forward::run, queue, "bob"))
                .satisfies(result -> {
                    assertThat(result.code()).isEqualTo(100);
                    assertThat(result.err()).contains("NEWSENDER not set");
                });
    }

    @ParameterizedTest(name = "a program that exits {0} makes condredirect exit {1}")
    @CsvSource({"0, 99", "111, 111", "1, 0", "99, 0", "100, 0", "126, 111", "127, 111", "140, 111"})
    @Covers("qmail:T04")
    void condredirectAsksItsProgram(int answer, int code) throws Exception {
        Path seen = folder.resolve("seen");
        var result = dotQmail()
                .run(Condredirect::run, queue, "bob@example.net", "sh", "-c", "cat >" + seen + "; exit " + answer);
        assertThat(result.code()).isEqualTo(code);
        assertThat(Files.readString(seen, java.nio.charset.StandardCharsets.ISO_8859_1))
                .isEqualTo(MESSAGE);
        if (code == 99) {
            assertThat(queue.only().sender()).as("SENDER, not NEWSENDER").isEqualTo("ann@example.org");
            assertThat(queue.only().recipients()).containsExactly("bob@example.net");
            assertThat(queue.only().withoutReceived()).isEqualTo(DTLINE + MESSAGE);
        } else {
            assertThat(queue.messages).isEmpty();
        }
    }

    @Test
    @Covers("qmail:T04")
    void condredirectDefersWhenItsProgramCrashesAndGoesOnWithoutOne() {
        assertThat(dotQmail()
                        .run(Condredirect::run, queue, "bob", "sh", "-c", "kill -9 $$")
                        .code())
                .isEqualTo(111);
        assertThat(dotQmail()
                        .run(Condredirect::run, queue, "bob", folder + "/none")
                        .code())
                .isZero();
        assertThat(dotQmail().run(Condredirect::run, queue, "bob").code()).isEqualTo(100);
        assertThat(queue.messages).isEmpty();
    }

    @ParameterizedTest(name = "a program that exits {0}: bouncesaying {1}, except {2}")
    @CsvSource({
        "0, 100, 100",
        "111, 111, 111",
        "1, 0, 0",
        "99, 0, 0",
        "100, 0, 0",
        "126, 111, 111",
        "127, 111, 111",
        "140, 111, 111"
    })
    @Covers("qmail:T05")
    void bouncesayingAndExceptTurnExitCodes(int answer, int bouncesaying, int except) {
        var bounced = new Tool().run(Bouncesaying::run, "no such person", "sh", "-c", "exit " + answer);
        assertThat(bounced.code()).isEqualTo(bouncesaying);
        assertThat(bounced.err()).isEqualTo(bouncesaying == 100 ? "no such person\n" : "");
        assertThat(new Tool().run(Except::run, "sh", "-c", "exit " + answer).code())
                .isEqualTo(except);
    }

    @Test
    @Covers("qmail:T05")
    void bouncesayingAloneBounces() {
        assertThat(new Tool().run(Bouncesaying::run, "n\u00e3o")).isEqualTo(new Tool.Result(100, "", "n\u00e3o\n"));
        assertThat(new Tool().run(Bouncesaying::run).code()).isEqualTo(100);
        assertThat(new Tool().run(Bouncesaying::run, "x", folder + "/none").code())
                .isZero();
        assertThat(new Tool()
                        .run(Bouncesaying::run, "x", "sh", "-c", "kill -9 $$")
                        .code())
                .isEqualTo(111);
        assertThat(new Tool().run(Except::run).code()).isEqualTo(100);
        assertThat(new Tool().run(Except::run, folder + "/none").code()).isZero();
        assertThat(new Tool().run(Except::run, "sh", "-c", "kill -9 $$").code()).isEqualTo(111);
    }

    @ParameterizedTest(name = "preline {0}")
    @CsvSource({
        "'', f r d",
        "-f, r d",
        "-r, f d",
        "-d, f r",
        "-fr, d",
        "-rd, f",
        "-fd, r",
        "-frd, ''",
        "-fF, f r d",
        "-frdFRD, f r d",
        "-fr -F, f d"
    })
    @Covers("qmail:T06")
    void prelineLeavesOutWhatIsNotWanted(String options, String lines) throws Exception {
        Path seen = folder.resolve("seen");
        String[] arguments = Stream.concat(
                        Stream.of(options.split(" ")).filter(o -> !o.isEmpty()),
                        Stream.of("sh", "-c", "cat >" + seen + "; exit 7"))
                .toArray(String[]::new);
        assertThat(dotQmail().run(Preline::run, arguments).code()).isEqualTo(7);
        String expected = (lines.contains("f") ? "From ann@example.org Tue Nov 24 04:00:00 2026\n" : "")
                + (lines.contains("r") ? "Return-Path: <ann@example.org>\n" : "")
                + (lines.contains("d") ? DTLINE : "");
        assertThat(Files.readString(seen, java.nio.charset.StandardCharsets.ISO_8859_1))
                .isEqualTo(expected + MESSAGE);
    }

    @Test
    @Covers("qmail:T06")
    void prelineSaysWhatItLacks() {
        assertThat(dotQmail().run(Preline::run, "-x", "cat").code()).isEqualTo(100);
        assertThat(dotQmail().run(Preline::run, "-f").code()).isEqualTo(100);
        assertThat(dotQmail().run(Preline::run, folder + "/none").code()).isEqualTo(100);
        assertThat(new Tool().run(Preline::run, "true").err()).contains("UFLINE not set");
        assertThat(new Tool().run(Preline::run, "-frd", "true").code()).isZero();
        assertThat(dotQmail().run(Preline::run, "sh", "-c", "kill -9 $$").code())
                .isEqualTo(111);
    }

    @Test
    void aProgramRunsInASessionOfItsOwnWithOurVariables() throws Exception {
        Path seen = folder.resolve("seen");
        int code = dotQmail()
                .run(
                        Preline::run,
                        "-frd",
                        "sh",
                        "-c",
                        "cat >&-; cut -d' ' -f1,6 /proc/$$/stat >" + seen + "; printf %s \"$PATH\" >>" + seen)
                .code();
        assertThat(code).isZero();
        String[] lines = Files.readString(seen).split("\n");
        String[] processAndSession = lines[0].split(" ");
        assertThat(processAndSession[1]).as("its session").isEqualTo(processAndSession[0]);
        assertThat(lines[1]).isEqualTo(System.getenv("PATH"));
    }

    @ParameterizedTest
    @CsvSource({"nosuchprogram-anywhere, 100", "-x, 100", "'', 100", "/etc/passwd, 100", "/, 100"})
    void whatIsNoProgramIsSoForGood(String program, int code) {
        assertThat(dotQmail().run(Preline::run, "-frd", program).code())
                .isEqualTo(program.startsWith("-") ? 100 : code);
    }

    /** It is there, so it may be mended before the message is given up. */
    @Test
    void aProgramThatCannotBeRunNowIsTriedAgain() throws Exception {
        Path script = folder.resolve("script");
        Files.writeString(script, "#!" + folder + "/none\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
        String program = script.toString();
        assertThat(dotQmail().run(Preline::run, "-frd", program).code()).isEqualTo(111);
        assertThat(new Tool().run(Except::run, program).code()).isEqualTo(111);
        assertThat(new Tool().run(Bouncesaying::run, "no", program).code()).isEqualTo(111);
        assertThat(dotQmail().run(Condredirect::run, queue, "bob", program).code())
                .isEqualTo(111);
        assertThat(queue.messages).isEmpty();
    }

    @Test
    void argumentsKeepTheirOctetsOnTheWayToAProgram() throws Exception {
        Path seen = folder.resolve("seen");
        String odd = "caf\u00c3\u00a9 \u00ff'\"$x`\\%s\n!";
        int code = dotQmail()
                .run(Preline::run, "-frd", "sh", "-c", "printf %s \"$1\" >" + seen, "sh", odd)
                .code();
        assertThat(code).isZero();
        assertThat(Files.readString(seen, java.nio.charset.StandardCharsets.ISO_8859_1))
                .isEqualTo(odd);
    }

    @Test
    @Covers("qmail:T08")
    void qreceiptSendsANoticeOnlyWhereItIsAsked() {
        String request = "To: joe@example.org\nNotice-Requested-Upon-Delivery-To: Joe (me) <joe@example.org>,\n"
                + "\tother@example.org\nMessage-ID: <1@example.net>\n\nbody\n";
        var result = dotQmail().reading(request).run(Qreceipt::run, queue, "joe@example.org");
        assertThat(result).isEqualTo(new Tool.Result(0, "", ""));
        assertThat(queue.only().sender()).isEmpty();
        assertThat(queue.only().recipients()).containsExactly("ann@example.org");
        assertThat(queue.only().withoutReceived())
                .startsWith(DTLINE)
                .contains("To: <ann@example.org>\n", "Subject: success notice\n", "Message-ID: <1@example.net>\n");

        for (String other : new String[] {
            request.replace("joe@", "JOE@"), request.replace("Notice-", "X-Notice-"), "\n" + request, MESSAGE, ""
        }) {
            assertThat(dotQmail()
                            .reading(other)
                            .run(Qreceipt::run, queue, "joe@example.org")
                            .code())
                    .isZero();
        }
        for (String sender : new String[] {"", "#@[]"}) {
            assertThat(dotQmail()
                            .with("SENDER", sender)
                            .reading(request)
                            .run(Qreceipt::run, queue, "joe@example.org")
                            .code())
                    .isZero();
        }
        assertThat(queue.messages).hasSize(1);
        assertThat(dotQmail().run(Qreceipt::run, queue).code()).isEqualTo(100);
        assertThat(new Tool().run(Qreceipt::run, queue, "joe").code()).isEqualTo(100);
        queue.answer = new Receipt.TemporaryFailure(new Status(4, 3, 0), "stopping");
        assertThat(dotQmail()
                        .reading(request)
                        .run(Qreceipt::run, queue, "joe@example.org")
                        .code())
                .isEqualTo(111);
    }
}
