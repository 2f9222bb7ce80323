package carteiro.tools;

import carteiro.posix.Invocation;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/** maildirmake: makes a Maildir (docs/programs/maildirmake.md). */
public final class Maildirmake {
    private Maildirmake() {}

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("maildirmake", arguments, Maildirmake::run);
    }

    static int run(Invocation call) throws IOException {
        if (call.arguments().size() != 1) {
            call.complain("maildirmake: usage: maildirmake name\n");
            return Exit.PERMANENT;
        }
        Path maildir = Path.of(call.arguments().getFirst());
        for (Path folder : List.of(maildir, maildir.resolve("tmp"), maildir.resolve("new"), maildir.resolve("cur"))) {
            try {
                Files.createDirectory(folder);
                Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
            } catch (FileAlreadyExistsException e) {
                throw new IOException("unable to mkdir " + folder + ": file already exists", e);
            } catch (IOException e) {
                throw new IOException("unable to mkdir " + folder + ": " + e, e);
            }
        }
        return 0;
    }
}
