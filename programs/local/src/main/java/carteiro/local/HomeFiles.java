package carteiro.local;

import carteiro.mail.Address;
import carteiro.mail.DotQmailName;
import carteiro.mail.Octets;
import carteiro.posix.RegularFile;
import carteiro.protocol.Lookup.Answer.Account;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads the home of an account: whether mail may be delivered, and the {@code .qmail} files. To be used as its user. */
final class HomeFiles {
    /** The largest {@code .qmail} file, in octets. */
    static final int LIMIT = 1 << 20;

    private static final int LONGEST_NAME = 255; // NAME_MAX
    private static final int LONGEST_PATH = 4095; // PATH_MAX

    private static final int KIND = 0170000;
    private static final int FOLDER = 0040000;
    private static final int STICKY = 01000;
    private static final int OTHERS_WRITE = 02;
    private static final int OWNER_EXECUTES = 0100;

    private final Account account;
    private final Path home;

    /** @throws IOException if the home cannot be named in this process's locale */
    HomeFiles(Account account) throws IOException {
        this.account = account;
        this.home = SystemText.path(Path.of("/"), account.home().folder());
    }

    /** What the search for instructions found. */
    sealed interface DotQmailContent {
        /** A file with something in it. */
        record InstructionText(DotQmailName name, String text, Permitted permitted) implements DotQmailContent {}

        /** A file of no octets. */
        record Empty(DotQmailName name) implements DotQmailContent {}

        /** No file. */
        record NoFile() implements DotQmailContent {}

        /** A file that must not be used. */
        record UnsafeFile(DeliveryRefusal refusal) implements DotQmailContent {}
    }

    /** What instructions may do. */
    enum Permitted {
        /** Everything. */
        ALL,
        /** Forwards alone: the file has its x bit, or {@code +list} came before. */
        FORWARDS
    }

    /** What a file name in an instruction means. */
    Path resolve(String name) throws IOException {
        return SystemText.path(home, name);
    }

    /** Why nothing may be delivered now; empty if it may. */
    Optional<DeliveryRefusal> refusal() throws IOException {
        int mode;
        try {
            mode = (int) Files.getAttribute(home, "unix:mode");
        } catch (NoSuchFileException e) {
            return Optional.of(new DeliveryRefusal(
                    DeliveryRefusal.SYSTEM,
                    "Unable to switch to the home directory: it does not exist.",
                    note("is missing; make it, or remove the account")));
        }
        if ((mode & KIND) != FOLDER) {
            return Optional.of(new DeliveryRefusal(
                    DeliveryRefusal.SYSTEM,
                    "Unable to switch to the home directory: it is no directory.",
                    note("is no folder; mend the account")));
        }
        if ((mode & OTHERS_WRITE) != 0) {
            return Optional.of(new DeliveryRefusal(
                    DeliveryRefusal.SECURITY,
                    "Uh-oh: home directory is writable.",
                    note("is writable by everybody; chmod o-w it")));
        }
        if ((mode & STICKY) != 0) {
            return Optional.of(new DeliveryRefusal(
                    DeliveryRefusal.MAILBOX, "Home directory is sticky: user is editing his .qmail file.", ""));
        }
        return Optional.empty();
    }

    private String note(String sentence) {
        return account.home().folder() + ", the home of " + account.identity().user() + ", " + sentence;
    }

    /** Looks for the instructions of the account's extension. */
    DotQmailContent find() throws IOException {
        for (DotQmailName name :
                DotQmailName.candidates(account.home().dash(), account.home().extension())) {
            if (isRegularFile(name.file())) { // mostly it is not
                Optional<RegularFile> opened = RegularFile.open(resolve(name.file()));
                if (opened.isPresent()) {
                    try (RegularFile file = opened.get()) {
                        return read(name, file);
                    }
                }
            }
        }
        return new DotQmailContent.NoFile();
    }

    /** Whether the home is a folder that can be seen. */
    boolean isThere() {
        return Files.isDirectory(home);
    }

    /** Whether there is a file that {@link #find} would take, without reading it. */
    boolean hasInstructions() throws IOException {
        for (DotQmailName name :
                DotQmailName.candidates(account.home().dash(), account.home().extension())) {
            if (isRegularFile(name.file())) {
                return true;
            }
        }
        return false;
    }

    private DotQmailContent read(DotQmailName name, RegularFile file) throws IOException {
        if ((file.status().mode() & OTHERS_WRITE) != 0) {
            return new DotQmailContent.UnsafeFile(new DeliveryRefusal(
                    DeliveryRefusal.SECURITY,
                    "Uh-oh: .qmail file is writable.",
                    note("has a file " + name.file() + " that is writable by everybody; chmod o-w it")));
        }
        byte[] octets = file.read(LIMIT + 1);
        if (octets.length > LIMIT) {
            return new DotQmailContent.UnsafeFile(new DeliveryRefusal(
                    DeliveryRefusal.SYSTEM,
                    "The .qmail file is too large.",
                    note("has a file " + name.file() + " of over " + LIMIT + " octets")));
        }
        String text = Octets.text(octets);
        if (text.isEmpty() || text.equals(Instruction.MARK)) {
            return new DotQmailContent.Empty(name);
        }
        return new DotQmailContent.InstructionText(
                name, text, (file.status().mode() & OWNER_EXECUTES) != 0 ? Permitted.FORWARDS : Permitted.ALL);
    }

    /** NEWSENDER: the owner of a list answers for it, if there is one. */
    Address newSender(Addressing addressing) throws IOException {
        Address sender = addressing.sender();
        if (sender.isNull() || sender.equals(Address.DOUBLE_BOUNCE)) {
            return sender;
        }
        String owner = ".qmail" + account.home().dash()
                + Octets.lowerCase(account.home().extension()).replace('.', ':') + "-owner";
        if (!exists(owner)) {
            return sender;
        }
        String local = addressing.local() + "-owner";
        String octets = !exists(owner + "-default")
                ? local + "@" + addressing.host()
                : local + "-@" + addressing.host() + "-@[]"; // send makes one sender for each recipient of it (VERP)
        if (octets.length() > Address.LIMIT) {
            throw new IOException("the address of the list's owner has over " + Address.LIMIT + " octets");
        }
        return new Address(octets);
    }

    private boolean exists(String name) throws IOException {
        return attributes(name) != null;
    }

    private boolean isRegularFile(String name) throws IOException {
        @Nullable BasicFileAttributes attributes = attributes(name);
        return attributes != null && attributes.isRegularFile();
    }

    /**
     * What a file of the home is; null if there is none, or can be none.
     *
     * @throws IOException if that cannot be told, also for want of permission
     */
    private @Nullable BasicFileAttributes attributes(String name) throws IOException {
        if (home.toString().length() + name.length() >= LONGEST_PATH) {
            return null;
        }
        for (String part : name.split("/", -1)) {
            if (part.length() > LONGEST_NAME) {
                return null;
            }
        }
        Path file = resolve(name);
        try {
            // mostly there is none, and for basic attributes that is told without an exception, which costs more
            return file.getFileSystem().provider().readAttributesIfExists(file, BasicFileAttributes.class);
        } catch (AccessDeniedException e) {
            throw e;
        } catch (FileSystemException e) {
            if (name.indexOf('/') >= 0 && file.getParent() != null && !Files.isDirectory(file.getParent())) {
                return null; // a slash in the address, below something that is no folder
            }
            throw e;
        }
    }
}
