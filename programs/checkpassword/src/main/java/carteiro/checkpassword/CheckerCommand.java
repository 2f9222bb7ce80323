package carteiro.checkpassword;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.Settings;
import carteiro.log.LogText;
import carteiro.posix.FileStatus;
import carteiro.posix.Identity;
import carteiro.posix.SafeFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The program of control/checkpassword.
 *
 * @param words its absolute path and its arguments
 */
record CheckerCommand(List<String> words) {
    private static final int GROUP_OR_OTHERS_WRITE = 022;

    CheckerCommand {
        words = List.copyOf(words);
    }

    /** @throws ControlException if it is missing, or somebody could put another in its place */
    static CheckerCommand read(Installation installation) throws ControlException {
        var files = new ControlFiles(installation);
        List<String> words =
                List.of(files.get(Settings.CHECKPASSWORD).orElse("").strip().split("[ \t]+"));
        Path program = Path.of(words.getFirst());
        if (words.getFirst().isEmpty()) {
            files.problem(
                    Settings.CHECKPASSWORD,
                    0,
                    "names no program; write its path and its arguments, or remove the file");
        } else if (!program.isAbsolute()) {
            files.problem(Settings.CHECKPASSWORD, 1, "\"" + program + "\" is no absolute path; it begins with a slash");
        } else if (!Files.isRegularFile(program) || !Files.isExecutable(program)) {
            files.problem(Settings.CHECKPASSWORD, 1, program + " is no program that can be run");
        } else if (Identity.ownUid() == 0) {
            checkOwner(files, program);
        }
        files.check();
        return new CheckerCommand(words);
    }

    /** It runs as root: nobody else may be able to replace it. */
    private static void checkOwner(ControlFiles files, Path program) {
        try {
            Path real = program.toRealPath();
            SafeFolder.openTrusted(real.resolve("..").normalize()).close();
            FileStatus status = FileStatus.of(real.toString())
                    .orElseThrow(() -> new IOException(program + " is not there any more"));
            if (status.uid() != 0 || (status.mode() & GROUP_OR_OTHERS_WRITE) != 0) {
                files.problem(
                        Settings.CHECKPASSWORD,
                        1,
                        program + " is run by root, and others could change it; chown root it and chmod go-w it");
            }
        } catch (IOException e) {
            files.problem(Settings.CHECKPASSWORD, 1, program + " is run by root: " + LogText.reason(e));
        }
    }
}
