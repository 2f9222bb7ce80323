package carteiro.lookup;

import carteiro.mail.DotQmailName;
import carteiro.protocol.Lookup.Answer.Account;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;

/** Looks whether an account has a {@code .qmail} file for an extension, without opening any. */
final class DotQmailSight {
    /** No file system has longer names. */
    private static final int LONGEST_NAME = 255;

    private DotQmailSight() {}

    /** What can be seen. */
    sealed interface Sight {
        /** This file decides. */
        record There(String file) implements Sight {}

        /** No file decides: with an extension there is no such address. */
        record Absent() implements Sight {}

        /** The home cannot be looked into by this process. */
        record Unseen(String why) implements Sight {}
    }

    /** Tries the names in the order in which local does. */
    static Sight look(Account account) {
        Optional<Path> home = OctetPath.of(account.home());
        if (home.isEmpty()) {
            return new Sight.Unseen("its path is in another encoding than this process's locale");
        }
        try {
            if (!Files.readAttributes(home.get(), BasicFileAttributes.class).isDirectory()) {
                return new Sight.Unseen(account.home() + " is no folder");
            }
            for (DotQmailName name : DotQmailName.candidates(account.dash(), account.extension())) {
                if (name.file().lastIndexOf('/') < 0 && name.file().length() > LONGEST_NAME) {
                    continue;
                }
                Optional<Path> file = OctetPath.of(account.home() + "/" + name.file());
                if (file.isEmpty()) {
                    return new Sight.Unseen("the file's name is in another encoding than this process's locale");
                }
                if (isThere(file.get())) {
                    return new Sight.There(name.file());
                }
            }
            return new Sight.Absent();
        } catch (IOException e) {
            return new Sight.Unseen(e.toString());
        }
    }

    private static boolean isThere(Path file) throws IOException {
        try {
            return Files.readAttributes(file, BasicFileAttributes.class).isRegularFile();
        } catch (NoSuchFileException e) {
            return false;
        } catch (IOException e) {
            if (OctetPath.crossesFile(file)) {
                return false;
            }
            throw e;
        }
    }
}
