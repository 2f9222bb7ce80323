package carteiro.demo;

import carteiro.control.ControlException;
import carteiro.log.EventLog;
import carteiro.start.RunningInstallation;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The command {@code carteiro demo [--once]}. */
public final class Demo {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int TROUBLE = 111;
    private static final int USAGE = 100;

    private final PrintStream out;

    /** Counted down when everything has been put away. */
    private final CountDownLatch away = new CountDownLatch(1);

    private Demo(PrintStream out) {
        this.out = out;
    }

    /** Runs the command and ends the process. */
    public static void main(String[] arguments) {
        int code = new Demo(System.out).run(List.of(arguments));
        System.out.flush();
        System.exit(code);
    }

    private int run(List<String> arguments) {
        boolean once = arguments.equals(List.of("--once"));
        if (!once && !arguments.isEmpty()) {
            out.println("usage: carteiro demo [--once]");
            return USAGE;
        }
        try {
            return show(once ? Stay.ONCE : Stay.FOR_TRIES);
        } catch (ControlException e) {
            e.problems().forEach(problem -> out.println("demo: " + problem));
        } catch (IOException e) {
            out.println("demo: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            away.countDown();
        }
        return TROUBLE;
    }

    private enum Stay {
        ONCE,
        FOR_TRIES
    }

    private int show(Stay stay) throws ControlException, IOException, InterruptedException {
        var journal = new DemoLog(out);
        try (var home = DemoHome.make();
                var directory = DemoDirectory.start(home.mail(), home.uid(), home.gid());
                var neighbour = DemoRemoteHost.start(home.partner());
                var log = new EventLog(journal, EventLog.LogFormat.PLAIN, Clock.systemUTC())) {
            home.connect(directory.port(), neighbour.port());
            journal.say("A mail server for example.org comes up in " + home.folder() + ".\n"
                    + "SMTP at 127.0.0.1:" + home.smtpPort() + ", its LDAP directory at 127.0.0.1:" + directory.port()
                    + ", another host (partner.example) at 127.0.0.1:" + neighbour.port() + ".\n"
                    + "Seconds since the start, and the log as an administrator sees it:\n");
            try (var product = RunningInstallation.startTogether(home.installation(), log, environment())) {
                List<DemoMessage> errands = errands(home);
                Map<DemoMessage, String> replies = send(errands, home.smtpPort());
                boolean all = await(errands);
                all &= isRefused(errands, replies);
                journal.say(table(errands, replies, journal));
                if (stay == Stay.ONCE) {
                    journal.say(all ? "Everything arrived." : "Not everything arrived as it should.");
                    return all ? 0 : 1;
                }
                journal.say(invitation(home));
                stay(product);
                return all ? 0 : 1;
            }
        }
    }

    /** What .qmail programs see; little of it is the visitor's own. */
    private static Map<String, String> environment() {
        return Map.of("PATH", System.getenv().getOrDefault("PATH", "/usr/bin:/bin"));
    }

    private static List<DemoMessage> errands(DemoHome home) {
        Path ann = home.newMail("ann");
        Path bob = home.newMail("bob");
        Path partner = home.partner();
        return List.of(
                message("a mailbox", "ann@example.org", ann),
                message("an alias", "annie@example.org", ann),
                message("a forward", "sales@example.org", bob),
                message("a group", "team@example.org", ann, bob, partner),
                message("an unknown user", "no-such-person@example.org"),
                message("another host", "carl@partner.example", partner),
                new DemoMessage(
                        "gone there",
                        "bob@example.org",
                        "gone@partner.example",
                        "Demo: to nobody at another host",
                        List.of(bob),
                        "<gone@partner.example>:"));
    }

    private static DemoMessage message(String what, String recipient, Path... places) {
        String subject = "Demo: to " + what;
        String sender = "visitor-to-" + recipient.substring(0, recipient.indexOf('@')) + "@visitor.example";
        return new DemoMessage(what, sender, recipient, subject, List.of(places), "Subject: " + subject + "\n");
    }

    private static Map<DemoMessage, String> send(List<DemoMessage> errands, int port) throws IOException {
        var client = new DemoClient(port);
        var replies = new LinkedHashMap<DemoMessage, String>();
        for (DemoMessage message : errands) {
            replies.put(
                    message,
                    switch (client.send(message.sender(), message.recipient(), message.subject())) {
                        case DemoClient.ServerResponse.Taken(var reply) -> reply;
                        case DemoClient.ServerResponse.RecipientRejected(var reply) -> reply;
                    });
        }
        return replies;
    }

    private static boolean await(List<DemoMessage> errands) throws InterruptedException {
        long until = System.nanoTime() + PATIENCE.toNanos();
        while (!errands.stream().allMatch(DemoMessage::arrived)) {
            if (System.nanoTime() > until) {
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
        TimeUnit.MILLISECONDS.sleep(100); // for the last lines of the log
        return true;
    }

    private static boolean isRefused(List<DemoMessage> errands, Map<DemoMessage, String> replies) {
        return errands.stream()
                .allMatch(message -> message.toBeRefused()
                        == replies.getOrDefault(message, "").startsWith("550 5.1.1"));
    }

    private static String table(List<DemoMessage> errands, Map<DemoMessage, String> replies, DemoLog journal) {
        var table = new StringBuilder("\nWhat was sent, where it is, what the log said:\n");
        for (DemoMessage message : errands) {
            table.append('\n').append(message.what()).append(": ").append(message.recipient());
            if (message.toBeRefused()) {
                table.append("\n    refused in the dialogue: ").append(replies.get(message));
            }
            var shown = new ArrayList<String>();
            for (Path place : message.places()) {
                shown.add(message.found(place)
                        .map(file -> (message.mark().startsWith("<") ? "came back: " : "is in ") + file)
                        .orElse("IS NOT in " + place));
            }
            shown.addAll(journal.deliveries(message.sender()));
            shown.forEach(line -> table.append("\n    ").append(line));
        }
        return table.append('\n').toString();
    }

    private static String invitation(DemoHome home) {
        return "Now you. Send something:\n\n"
                + "    swaks --server 127.0.0.1:" + home.smtpPort()
                + " --from you@visitor.example --to ann@example.org\n\n"
                + "(or to annie, bob, sales, team, postmaster @example.org, or anybody @partner.example), and look into\n\n"
                + "    ls " + home.newMail("ann") + " " + home.newMail("bob") + " " + home.partner() + "\n\n"
                + "Stop and start single programs, and see what waits meanwhile:\n\n"
                + "    ./carteiro status --home " + home.installation().home() + "\n"
                + "    ./carteiro stop remote --home " + home.installation().home() + "\n\n"
                + "Ctrl-C ends it and removes " + home.folder() + ".\n";
    }

    /** Until the visitor ends it, by Ctrl-C or by {@code carteiro stop}; the rest is then put away in order. */
    private void stay(RunningInstallation product) throws InterruptedException {
        var hook = new Thread(() -> {
            product.stop();
            try {
                boolean _ = away.await(10, TimeUnit.SECONDS); // the folder is removed by then
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Runtime.getRuntime().addShutdownHook(hook);
        product.awaitStopped();
    }
}
