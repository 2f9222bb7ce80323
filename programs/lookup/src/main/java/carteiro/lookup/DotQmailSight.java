package carteiro.lookup;

import carteiro.log.LogText;
import carteiro.mail.DotQmailName;
import carteiro.posix.FileStatus;
import carteiro.posix.FileStatus.Kind;
import carteiro.protocol.Lookup.Answer.Account;
import java.io.IOException;
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

    static Sight look(Account account) {
        return look(account.home(), account.dash(), account.extension());
    }

    /** Tries the names in the order in which local does. */
    static Sight look(String home, String dash, String extension) {
        try {
            Optional<FileStatus> folder = FileStatus.of(home);
            if (folder.isEmpty() || folder.get().kind() != Kind.FOLDER) {
                return new Sight.Unseen(home + " is no folder");
            }
            for (DotQmailName name : DotQmailName.candidates(dash, extension)) {
                if (name.file().indexOf('/') < 0 && name.file().length() > LONGEST_NAME) {
                    continue;
                }
                Optional<FileStatus> file = FileStatus.of(home + "/" + name.file());
                if (file.isPresent() && file.get().kind() == Kind.REGULAR) {
                    return new Sight.There(name.file());
                }
            }
            return new Sight.Absent();
        } catch (IOException e) {
            return new Sight.Unseen(LogText.reason(e));
        }
    }
}
