package carteiro.lookup;

import carteiro.control.CdbWriter;
import carteiro.mail.Octets;
import carteiro.posix.Invocation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** qmail-newu: compiles users/assign into users/cdb (docs/programs/qmail-newu.md). */
public final class QmailNewu {
    private QmailNewu() {}

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("qmail-newu", arguments, QmailNewu::run);
    }

    static int run(Invocation call) throws IOException {
        Path users = HomeArgument.of(call).installation().users();
        Path assign = users.resolve("assign");
        String text;
        try {
            text = Octets.text(Files.readAllBytes(assign));
        } catch (NoSuchFileException e) {
            throw new IOException("there is no " + assign + "; write it, or make it with qmail-pw2u", e);
        }
        try (var writer = new CdbWriter(users.resolve("cdb"), users.resolve("cdb.tmp"))) {
            Assignments.compile(text, writer);
            writer.commit();
        }
        return 0;
    }
}
