package carteiro.lookup;

import carteiro.log.LogText;
import carteiro.mail.DotQmailName;
import carteiro.posix.FileStatus;
import carteiro.posix.FileStatus.FileKind;
import carteiro.protocol.Lookup.Answer.Account;
import java.io.IOException;
import java.util.Optional;

/** Looks whether an account has a {@code .qmail} file for an extension, without opening any. */
final class DotQmailProbe {
    /** No file system has longer names. */
    private static final int LONGEST_NAME = 255;

    private DotQmailProbe() {}

    /** What can be seen. */
    sealed interface DotQmailPresence {
        /** This file decides. */
        record Present(String file) implements DotQmailPresence {}

        /** No file decides: with an extension there is no such address. */
        record Absent() implements DotQmailPresence {}

        /** The home cannot be looked into by this process. */
        record Undetermined(String why) implements DotQmailPresence {}
    }

    static DotQmailPresence look(Account account) {
        return look(
                account.home().folder(), account.home().dash(), account.home().extension());
    }

    /** Tries the names in the order in which local does. */
    static DotQmailPresence look(String home, String dash, String extension) {
        try {
            Optional<FileStatus> folder = FileStatus.of(home);
            if (folder.isEmpty() || folder.get().kind() != FileKind.FOLDER) {
                return new DotQmailPresence.Undetermined(home + " is no folder");
            }
            for (DotQmailName name : DotQmailName.candidates(dash, extension)) {
                if (name.file().indexOf('/') < 0 && name.file().length() > LONGEST_NAME) {
                    continue;
                }
                Optional<FileStatus> file = FileStatus.of(home + "/" + name.file());
                if (file.isPresent() && file.get().kind() == FileKind.REGULAR) {
                    return new DotQmailPresence.Present(name.file());
                }
            }
            return new DotQmailPresence.Absent();
        } catch (IOException e) {
            return new DotQmailPresence.Undetermined(LogText.reason(e));
        }
    }
}
