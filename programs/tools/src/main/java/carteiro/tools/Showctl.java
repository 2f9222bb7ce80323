package carteiro.tools;

import carteiro.control.Absence;
import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.Setting;
import carteiro.control.SettingFormat;
import carteiro.control.Settings;
import carteiro.posix.Invocation;
import carteiro.posix.SystemAccount;
import carteiro.posix.UnixId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** showctl: every setting, its value, where it came from, what it means (docs/programs/qmail-showctl.md). */
public final class Showctl {
    /** Values longer than this many lines are cut, with their number. */
    static final int MOST_LINES = 200;

    private static final List<String> ACCOUNTS =
            List.of("alias", "qmaild", "qmaill", "root", "qmailo", "qmailp", "qmailpop", "qmailq", "qmailr", "qmails");

    private final Invocation call;
    private final Installation installation;

    private Showctl(Invocation call, Installation installation) {
        this.call = call;
        this.installation = installation;
    }

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("qmail-showctl", arguments, Showctl::run);
    }

    static int run(Invocation call) throws IOException {
        Optional<Installation> installation = HomeOption.of(call);
        if (installation.isEmpty()) {
            call.complain("qmail-showctl: usage: qmail-showctl [ --home DIR ]\n");
            return Exit.PERMANENT;
        }
        return new Showctl(call, installation.get()).show();
    }

    private int show() throws IOException {
        var text = new StringBuilder();
        constants(text);
        for (Setting<?> setting : Settings.all().values()) {
            show(text, setting);
        }
        strangers(text);
        call.print(text.toString());
        return 0;
    }

    private void constants(StringBuilder text) throws IOException {
        text.append("home directory: ")
                .append(installation.home())
                .append(
                        ".\nuser-ext delimiter: -.\npaternalism (in decimal): 2.\n"
                                + "silent concurrency limit: none.\nsubdirectory split: none; the queue is segments.\nuser ids:");
        String separator = " ";
        for (String name : ACCOUNTS) {
            Optional<SystemAccount> account = SystemAccount.named(name);
            text.append(separator)
                    .append(name)
                    .append(' ')
                    .append(account.map(a -> UnixId.number(a.uid()) + " (group " + UnixId.number(a.gid()) + ")")
                            .orElse("(no such user)"));
            separator = ", ";
        }
        text.append(".\n\n");
    }

    private void show(StringBuilder text, Setting<?> setting) throws IOException {
        var files = new ControlFiles(installation);
        boolean present = Files.exists(installation.control(setting));
        text.append(setting.name()).append(": ");
        if (!present) {
            text.append("(Default.) ").append(standard(setting, files)).append('\n');
        }
        value(text, setting, files, present);
        if (present && isEmpty(setting)) {
            text.append(
                    setting.format() == SettingFormat.NUMBER
                            ? "  (the file is empty, so that the default holds)\n"
                            : "  (an empty file is an empty value, not the default)\n");
        }
        try {
            files.check();
        } catch (ControlException e) {
            for (String problem : e.problems()) {
                text.append("  WRONG: ").append(problem).append('\n');
            }
        }
        text.append("  -- ")
                .append(setting.meaning())
                .append("; read by ")
                .append(setting.readers())
                .append('\n');
    }

    private boolean isEmpty(Setting<?> setting) {
        try {
            return Files.size(installation.control(setting)) == 0;
        } catch (IOException e) {
            return false;
        }
    }

    /** In words, what holds without the file. */
    static String standard(Setting<?> setting, ControlFiles files) {
        return switch (setting.absence()) {
            case ME_ELSE_NAME ->
                files.get(Settings.ME)
                        .map(me -> me + ", from control/me")
                        .orElse(setting.name() + ", since control/me is missing too");
            case ME_ELSE_REFUSED ->
                files.get(Settings.ME)
                        .map(me -> me + ", from control/me")
                        .orElse("none: " + setting.readers() + " will not start; control/me is missing too");
            case ME_ELSE_NOTHING ->
                files.get(Settings.ME).map(me -> me + ", from control/me").orElse("none; control/me is missing too");
            case STANDARD, NOTHING -> {
                String effective = effective(setting, files);
                yield effective.isEmpty()
                        ? setting.standard()
                        : effective + (setting.absence() == Absence.NOTHING ? ", " + setting.standard() : "");
            }
        };
    }

    /** Numbers that depend on others are told as they run. */
    private static String effective(Setting<?> setting, ControlFiles files) {
        return files.get(setting) instanceof Integer number ? number.toString() : "";
    }

    private void value(StringBuilder text, Setting<?> setting, ControlFiles files, boolean present) throws IOException {
        switch (setting.format()) {
            case LINE -> {
                if (present) {
                    files.get(setting); // notes a word that is none
                    text.append(files.line(setting).orElse("")).append('\n');
                }
            }
            case NUMBER -> {
                if (present) {
                    long value = files.number(setting, -1);
                    String written = files.line(setting).orElse("");
                    text.append(
                                    value < 0
                                            ? written.isEmpty() ? standard(setting, files) : written
                                            : files.get(setting) instanceof Integer number
                                                    ? number.toString()
                                                    : Long.toString(value))
                            .append('\n');
                }
            }
            case LIST, MAP -> {
                if (present) {
                    lines(
                            text,
                            files.list(setting).orElse(List.of()).stream()
                                    .map(setting::shown)
                                    .toList());
                }
            }
            case PEM -> text.append(present ? "(set)\n" : "");
            case TEXT -> {
                if (present) {
                    lines(text, List.of(files.text(setting).orElse("").split("\n")));
                }
            }
            case SECRET -> {
                if (present) {
                    files.line(setting); // readable?
                    text.append("(set)\n");
                }
            }
            case CDB -> cdb(text, setting.name(), present);
        }
    }

    private static void lines(StringBuilder text, List<String> lines) {
        text.append('\n');
        for (String line : lines.subList(0, Math.min(MOST_LINES, lines.size()))) {
            text.append("  ").append(line).append('\n');
        }
        if (lines.size() > MOST_LINES) {
            text.append("  ... ").append(lines.size()).append(" lines in all\n");
        }
    }

    /** A database and the list it is made of. */
    private void cdb(StringBuilder text, String name, boolean present) throws IOException {
        Path source = installation.control(name.substring(0, name.length() - ".cdb".length()));
        Path cdb = installation.control(name);
        if (present) {
            text.append("(present)\n");
        }
        if (Files.exists(source) && !present) {
            text.append("  WRONG: ")
                    .append(source.getFileName())
                    .append(" exists, but no ")
                    .append(name);
            text.append("; run qmail-newmrh\n");
        } else if (present && !Files.exists(source)) {
            text.append("  WRONG: there is no ").append(source.getFileName()).append(" that it would be made of\n");
        } else if (present && Files.getLastModifiedTime(cdb).compareTo(Files.getLastModifiedTime(source)) < 0) {
            text.append("  WRONG: it is older than ")
                    .append(source.getFileName())
                    .append("; run qmail-newmrh\n");
        }
    }

    private void strangers(StringBuilder text) throws IOException {
        Map<String, Setting<?>> known = Settings.all();
        for (String name : HomeOption.names(installation.control())) {
            if (!known.containsKey(name)) {
                text.append(name).append(": I have no idea what this file does.\n");
            }
        }
    }
}
