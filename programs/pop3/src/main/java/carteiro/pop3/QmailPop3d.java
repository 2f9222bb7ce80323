package carteiro.pop3;

import carteiro.mail.Octets;
import carteiro.posix.Invocation;
import carteiro.posix.ProcessCredentials;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

/** qmail-pop3d: a Maildir by POP3 on standard input and output (docs/programs/qmail-pop3d.md). */
public final class QmailPop3d {
    /** How long the client may say nothing, or read nothing; as qmail (1200 s). RFC 1939 section 3 asks for at least 10 minutes. */
    static final Duration SILENCE = Duration.ofMinutes(20);

    /** The longest conversation. */
    static final Duration WHOLE = Duration.ofHours(24);

    private static final int DONE = 0;
    private static final int ROOT = 1;
    private static final int READ_AT_ONCE = 512;
    private static final int WRITTEN_AT_ONCE = 32 * 1024;

    private QmailPop3d() {}

    /** {@code qmail-pop3d MAILDIR}. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("qmail-pop3d", arguments, call -> {
            if (ProcessCredentials.current().uid() == 0) {
                call.complain("qmail-pop3d invoked as uid 0, terminating\n");
                return ROOT;
            }
            try (var limit =
                    new IdleLimit(SILENCE, WHOLE, () -> Runtime.getRuntime().halt(DONE))) {
                return serve(
                        call.arguments().isEmpty() ? "" : call.arguments().getFirst(),
                        limit.over(call.in()),
                        limit.over(call.out()));
            }
        });
    }

    /** Serves a Maildir. @return the exit code, which tells nothing: as qmail's */
    static int serve(String maildir, InputStream in, OutputStream to) {
        var out = new BufferedOutputStream(to, WRITTEN_AT_ONCE);
        try {
            try (var mailbox =
                    Pop3Mailbox.open(path(maildir), Instant.now(), Pop3Mailbox.ListMemory.of(Pop3Mailbox.MEMORY))) {
                new Pop3Session(new Pop3Input(in, out, READ_AT_ONCE), out, mailbox, Pop3Session.Pop3Style.QMAIL)
                        .converse();
            } catch (Pop3Mailbox.NoMaildirException e) {
                fail(out, "this user has no $HOME/Maildir");
            } catch (Pop3Mailbox.UnlistedException e) {
                fail(out, "unable to scan $HOME/Maildir");
            }
        } catch (IOException e) {
            // the client has gone; or a message cannot be read to its end, and the client sees that it lacks the final
            // dot
        }
        return DONE;
    }

    private static Path path(String octets) throws IOException {
        if (octets.isEmpty()) {
            throw new Pop3Mailbox.NoMaildirException(new IOException("no Maildir is named"));
        }
        return Path.of(new String(Octets.bytes(octets), StandardCharsets.UTF_8));
    }

    private static void fail(OutputStream out, String reason) throws IOException {
        out.write(Octets.bytes("-ERR " + reason + "\r\n"));
        out.flush();
    }
}
