package carteiro.password;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Changes users/passwd, one name at a time; other lines stay as they are, octet for octet. See {@link RewrittenFile}. */
public final class PasswordFileWriter {
    private final RewrittenFile file;

    /** Of users/passwd, or a file like it. */
    public PasswordFileWriter(RewrittenFile file) {
        this.file = file;
    }

    /**
     * Stores a value for a name, in place of what is stored for it; further fields of its line stay. Returns when it is on the medium.
     *
     * @param name octets, a character for each, without a colon
     * @throws IllegalArgumentException if the name or the value cannot stand in the file
     * @throws IOException if it cannot be written now; the old file stays
     */
    public void set(String name, StoredPassword password) throws IOException {
        String made = name + ":" + password.octets();
        if (!(PasswordLine.parse(made) instanceof PasswordLine.PasswordEntry read
                && read.name().equals(name)
                && read.value().equals(password.octets())
                && made.chars().allMatch(c -> c <= 0xFF))) {
            throw new IllegalArgumentException(
                    "a name with a colon, or a name or value with an octet that the file cannot hold");
        }
        file.change(old -> with(old, name, password.octets(), made));
    }

    /**
     * Removes all lines of a name; false if there are none.
     *
     * @throws IOException if the file cannot be written now; the old one stays
     */
    public boolean remove(String name) throws IOException {
        return file.change(old -> without(old, name));
    }

    private static String with(String old, String name, String value, String made) {
        var all = new StringBuilder(old.length() + made.length() + 1);
        boolean done = false;
        for (String line : lines(old)) {
            PasswordLine.PasswordEntry entry = done ? null : entry(line, name);
            if (entry != null) {
                done = true;
                all.append(line, 0, entry.start()).append(value).append(line, entry.end(), line.length());
            } else {
                all.append(line);
            }
        }
        if (!done) {
            if (!all.isEmpty() && all.charAt(all.length() - 1) != '\n') {
                all.append('\n');
            }
            all.append(made).append('\n');
        }
        return all.toString();
    }

    private static String without(String old, String name) {
        var all = new StringBuilder(old.length());
        for (String line : lines(old)) {
            if (entry(line, name) == null) {
                all.append(line);
            }
        }
        return all.toString();
    }

    /** With their ends. */
    private static String[] lines(String text) {
        return text.isEmpty() ? new String[0] : text.split("(?<=\n)");
    }

    /** What a line has for that name; null if it is not one of that name. */
    private static PasswordLine.@Nullable PasswordEntry entry(String line, String name) {
        String text = line.endsWith("\n") ? line.substring(0, line.length() - 1) : line;
        return PasswordLine.parse(text) instanceof PasswordLine.PasswordEntry entry
                        && PasswordLine.key(entry.name()).equals(PasswordLine.key(name))
                ? entry
                : null;
    }
}
