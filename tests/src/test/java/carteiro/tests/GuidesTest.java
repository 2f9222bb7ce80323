package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.tests.CarteiroProcess.Form;
import carteiro.tests.CarteiroProcess.Verb;
import carteiro.tests.ChangedProduct.SourceChanges;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What CONTRIBUTING says is enough to add something, and a setting is declared in one place. */
class GuidesTest {
    private static final Pattern STEP = Pattern.compile(
            "^ {3}`([^`\n]+\\.java)`(?:, (before|after|in place of) `([^`\n]+)`)?:\n {3}```java\n(.*?)^ {3}```$",
            Pattern.MULTILINE | Pattern.DOTALL);

    @TempDir
    Path folder;

    @BeforeEach
    void open() throws Exception {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static SourceChanges guides() throws Exception {
        var changes = new SourceChanges();
        Matcher step = STEP.matcher(
                Files.readString(Path.of(System.getProperty("carteiro.root")).resolve("CONTRIBUTING.md")));
        int steps = 0;
        while (step.find()) {
            steps++;
            String anchor = step.group(3);
            String code = step.group(4);
            switch (step.group(2)) {
                case "before" -> changes.replace(step.group(1), anchor, code + anchor);
                case "after" -> changes.replace(step.group(1), anchor + "\n", anchor + "\n" + code);
                case "in place of" -> changes.replace(step.group(1), anchor + "\n", code);
                case null, default -> changes.add(step.group(1), code);
            }
        }
        assertThat(steps).as("steps with code").isEqualTo(8);
        return changes;
    }

    @Test
    @DisplayName("a setting, a check, an event and an attribute are added by the steps of the page alone, and work")
    void theStepsOfThePage() throws Exception {
        ChangedProduct changed = ChangedProduct.of(guides(), folder);
        try (var carteiro = CarteiroProcess.prepare(Form.SPLIT)) {
            carteiro.accounts("bob");
            changed.runs(carteiro, "smtpd");
            carteiro.start();
            carteiro.control(Verb.STOP, "local");
            assertThat(changed.command(carteiro, "carteiro.tools.Showctl").output())
                    .contains(
                            "helodots: (Default.) 0\n  -- whether clients whose name in HELO has no dot are refused; read by smtpd");
            try (var client = new SmtpClient(carteiro.smtp())) {
                assertThat(client.say("EHLO pc")).startsWith("250");
            }
            carteiro.control("helodots", "two");
            assertThat(changed.command(carteiro, "carteiro.tools.Check").output())
                    .contains("control/helodots:1: \"two\" is not a number from 0 to 1");
            carteiro.control("helodots", "1");
            carteiro.control(Verb.RELOAD, "smtpd");
            try (var client = new SmtpClient(carteiro.smtp())) {
                assertThat(client.say("EHLO pc")).startsWith("550 5.7.1 give your full name [R23]");
                assertThat(client.say("EHLO pc.example.net")).startsWith("250");
                assertThat(client.send("ann@example.net", List.of("bob@example.org"), "Subject: x\n\nx\n"))
                        .startsWith("250 ");
            }
            carteiro.awaitLog("smtpd: greeted as pc.example.net by client 127.0.0.1");
            assertThat(changed.command(carteiro, "carteiro.smtpd.Why", "R23").output())
                    .contains("the client gave no full name in HELO or EHLO", "control/helodots");
            assertThat(changed.command(
                                    carteiro,
                                    "carteiro.smtpd.ExplainPolicy",
                                    "--client",
                                    "192.0.2.1",
                                    "--helo",
                                    "pc",
                                    "bob@example.org")
                            .output())
                    .contains("R23 helodots (1) refuses: no full name\n  550 5.7.1 give your full name [R23]");
            String message = carteiro.awaitLog("new msg \\d+").replaceAll("\\D", "");
            assertThat(changed.command(carteiro, "carteiro.queuetool.QueueCommand", "show", message)
                            .output())
                    .as("queue, of the build before, has kept it")
                    .containsPattern("name-rule:? +helodots");
        }
    }

    @Test
    @DisplayName("a default is changed in its declaration, and everybody follows")
    void aDefault() throws Exception {
        var changes = new SourceChanges();
        String settings = "lib/control/src/main/java/carteiro/control/Settings.java";
        changes.replace(settings, "            67_108_864,", "            1_234_567,");
        changes.replace(settings, "            \"postmaster\",", "            \"hostmaster\",");
        changes.replace(settings, ".standard(\"./Mailbox\")", ".standard(\"./Maildir/\")");
        ChangedProduct changed = ChangedProduct.of(changes, folder);
        try (var carteiro = CarteiroProcess.prepare(Form.SPLIT)) {
            carteiro.accounts("bob", "hostmaster");
            for (String file : List.of("databytes", "doublebounceto", "defaultdelivery")) {
                Files.deleteIfExists(carteiro.home().resolve("control").resolve(file));
            }
            changed.runs(carteiro, "smtpd", "send", "local");
            carteiro.start();
            assertThat(changed.command(carteiro, "carteiro.tools.Showctl").output())
                    .contains(
                            "databytes: (Default.) 1234567\n",
                            "doublebounceto: (Default.) hostmaster\n",
                            "defaultdelivery: (Default.) ./Maildir/\n");
            try (var client = new SmtpClient(carteiro.smtp())) {
                client.say("EHLO pc.example.net");
                assertThat(client.say("MAIL FROM:<ann@example.net> SIZE=1234568"))
                        .startsWith("552 ");
                client.say("MAIL FROM:<> SIZE=1234567");
                assertThat(client.say("RCPT TO:<bob@example.org>")).startsWith("250 ");
            }
            carteiro.dotQmail("bob", ".qmail-bad", "|exit 100\n");
            try (var client = new SmtpClient(carteiro.smtp())) {
                assertThat(client.send("", List.of("bob-bad@example.org"), "Subject: x\n\nx\n"))
                        .startsWith("250 ");
            }
            assertThat(carteiro.awaitMailbox("hostmaster", 1))
                    .as("the double bounce, in the default delivery")
                    .hasSize(1);
        }
    }
}
