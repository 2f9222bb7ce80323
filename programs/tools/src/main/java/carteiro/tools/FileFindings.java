package carteiro.tools;

import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.Setting;
import carteiro.control.SettingFormat;
import carteiro.control.Settings;
import carteiro.idna.DomainName;
import carteiro.log.LogText;
import carteiro.mail.Octets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Optional;
import java.util.OptionalLong;

/** What holds for every control file of its kind; and files that nothing reads. */
final class FileFindings {
    private final Installation installation;
    private final ControlFiles files;
    private final FindingList found;

    FileFindings(Installation installation, ControlFiles files, FindingList found) {
        this.installation = installation;
        this.files = files;
        this.found = found;
    }

    void look() throws IOException {
        me();
        for (Setting<?> setting : Settings.all().values()) {
            look(setting);
        }
        strangers();
        older("control/morercpthosts.cdb", "control/morercpthosts", "qmail-newmrh");
        older("users/cdb", "users/assign", "qmail-newu");
    }

    private void me() {
        Optional<String> me = files.get(Settings.ME);
        if (me.isEmpty()) {
            found.mistake("control/me: is missing; write the host's full name into it, such as mail.example.org");
        } else if (!DomainName.isHost(me.get())) {
            found.mistake(
                    Settings.ME,
                    1,
                    "\"" + me.get() + "\" is no host name; write the host's full name, such as mail.example.org");
        } else if (me.get().indexOf('.') < 0) {
            found.warning(Settings.ME, 1, "\"" + me.get() + "\" has no dot; other hosts want a full name");
        }
    }

    private enum PathContent {
        NOTHING,
        FILE,
        OTHER
    }

    /** One look: a second one may find what has been made or removed meanwhile. */
    private static PathContent kind(Path path) {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class).isRegularFile()
                    ? PathContent.FILE
                    : PathContent.OTHER;
        } catch (NoSuchFileException e) {
            return Files.isSymbolicLink(path) ? PathContent.OTHER : PathContent.NOTHING;
        } catch (IOException e) {
            return PathContent.FILE; // whoever reads it says why it cannot be read
        }
    }

    private void look(Setting<?> setting) {
        if (setting.format() == SettingFormat.CDB) {
            return;
        }
        Path path = installation.control(setting);
        switch (kind(path)) {
            case NOTHING -> {
                return;
            }
            case OTHER -> {
                found.mistake(setting + ": is no regular file");
                return;
            }
            case FILE -> {}
        }
        Optional<String> text = files.text(setting);
        if (text.isEmpty()) {
            return; // noted as a problem
        }
        int returns = text.get().indexOf("\r\n");
        if (returns >= 0 && setting.format() != SettingFormat.PEM) {
            found.mistake(
                    setting,
                    lineOf(text.get(), returns),
                    "the line ends in CR LF; write plain line ends (LF), for example by: sed -i 's/\\r$//' "
                            + LogText.path(path));
        }
        if (text.get().isEmpty()
                && setting.format() == SettingFormat.LINE
                && setting.words().isEmpty()) {
            found.warning(setting + ": is empty, which means an empty value and not the default;"
                    + " remove it for the default");
        }
        if (!setting.words().isEmpty()) {
            files.get(setting); // notes what is none of them
        }
        if (setting.format() == SettingFormat.NUMBER) {
            number(setting, text.get());
        }
        if (setting.format() == SettingFormat.MAP) {
            files.numbered(setting).forEach((number, line) -> {
                if (line.indexOf(':') < 0) {
                    found.mistake(
                            setting,
                            number,
                            "\"" + setting.shown(line) + "\" has no colon and is ignored; write key:value");
                }
            });
        }
    }

    private static int lineOf(String text, int at) {
        int line = 1;
        for (int i = 0; i < at; i++) {
            line += text.charAt(i) == '\n' ? 1 : 0;
        }
        return line;
    }

    private void number(Setting<?> setting, String text) {
        long read = files.number(setting, -1);
        OptionalLong written = ControlFiles.digits(files.line(setting).orElse(""));
        if (read >= 0 && written.isPresent() && written.getAsLong() != read) {
            found.warning(
                    setting,
                    1,
                    read + " is used in its place, since the range is "
                            + setting.range().least() + " to " + setting.range().most());
        }
        if (read < 0 && text.isBlank()) {
            found.warning(setting + ": holds no number, so that the default holds (" + Showctl.standard(setting, files)
                    + "); remove it, or write digits");
        }
        if (text.strip().indexOf('\n') >= 0) {
            found.warning(setting, 2, "only the first line counts; remove the others");
        }
    }

    private void strangers() throws IOException {
        for (String name : HomeOption.names(installation.control())) {
            if (Settings.all().containsKey(name)) {
                continue;
            }
            String sentence = LogText.path(Path.of("control", name)) + ": is no control file of Carteiro";
            Optional<String> replaced = PatchFiles.replacement(name);
            Optional<String> meant = replaced.isPresent() ? Optional.empty() : nearest(name);
            if (replaced.isPresent()) {
                found.warning(sentence + "; " + replaced.get());
            } else if (meant.isPresent()) {
                found.mistake(sentence + "; " + meant.get() + " is");
            } else {
                found.warning(sentence + "; nothing reads it");
            }
        }
    }

    /** A known file that is not there and differs in letters' case, or in one or two letters. */
    private Optional<String> nearest(String name) {
        String lowered = Octets.lowerCase(name);
        for (String candidate : Settings.all().keySet()) {
            if (!Files.exists(installation.control(candidate))
                    && candidate.length() > 3
                    && lowered.length() <= candidate.length() + 2
                    && distance(lowered, candidate) <= (candidate.length() > 6 ? 2 : 1)) {
                return Optional.of(candidate);
            }
        }
        return Optional.empty();
    }

    /** Levenshtein's; names of files are short. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int above = row[j];
                int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(change, Math.min(row[j], row[j - 1]) + 1);
                diagonal = above;
            }
        }
        return row[b.length()];
    }

    private void older(String made, String source, String maker) throws IOException {
        Path cdb = installation.home().resolve(made);
        Path text = installation.home().resolve(source);
        Optional<FileTime> written = lastModified(text);
        Optional<FileTime> compiled = lastModified(cdb);
        if (written.isPresent() && compiled.isEmpty()) {
            found.mistake(source + ": exists, but " + made + " does not, so that it has no effect; run " + maker);
        } else if (written.isPresent() && compiled.get().compareTo(written.get()) < 0) {
            found.mistake(made + ": is older than " + source + ", so that changes have no effect; run " + maker);
        }
    }

    /** Empty if there is no such file. */
    private static Optional<FileTime> lastModified(Path file) throws IOException {
        try {
            return Optional.of(Files.getLastModifiedTime(file));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }
}
