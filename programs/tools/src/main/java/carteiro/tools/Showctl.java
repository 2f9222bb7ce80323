package carteiro.tools;

import carteiro.control.ControlCatalog;
import carteiro.control.ControlException;
import carteiro.control.ControlFile;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.posix.Invocation;
import carteiro.posix.SystemAccount;
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
            List.of("alias", "qmaild", "qmaill", "root", "qmailp", "qmailq", "qmailr", "qmails");

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
        for (ControlFile file : ControlCatalog.files().values()) {
            show(text, file);
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
                    .append(account.map(a -> a.uid() + " (group " + a.gid() + ")")
                            .orElse("(no such user)"));
            separator = ", ";
        }
        text.append(".\n\n");
    }

    private void show(StringBuilder text, ControlFile file) throws IOException {
        var files = new ControlFiles(installation);
        boolean present = Files.exists(installation.control(file.name()));
        text.append(file.name()).append(": ");
        if (!present) {
            text.append("(Default.) ").append(standard(file, files)).append('\n');
        }
        value(text, file, files, present);
        if (present && isEmpty(file.name())) {
            text.append(
                    file.kind().isNumber()
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
                .append(file.meaning())
                .append("; read by ")
                .append(file.readers())
                .append('\n');
    }

    private boolean isEmpty(String name) {
        try {
            return Files.size(installation.control(name)) == 0;
        } catch (IOException e) {
            return false;
        }
    }

    private static String standard(ControlFile file, ControlFiles files) {
        return switch (file.absence()) {
            case ME_ELSE_NAME ->
                files.line("me")
                        .map(me -> me + ", from control/me")
                        .orElse(file.name() + ", since control/me is missing too");
            case ME_ELSE_REFUSED ->
                files.line("me")
                        .map(me -> me + ", from control/me")
                        .orElse("none: " + file.readers() + " will not start; control/me is missing too");
            case STANDARD, NOTHING -> file.standard();
        };
    }

    private void value(StringBuilder text, ControlFile file, ControlFiles files, boolean present) throws IOException {
        switch (file.kind()) {
            case LINE -> text.append(present ? files.line(file.name()).orElse("") + "\n" : "");
            case NUMBER, NUMBER_CUT, NUMBER_RAISED -> {
                if (present) {
                    long value = Math.min(files.number(file.name(), -1), whole(file, files));
                    String written = files.line(file.name()).orElse("");
                    text.append(value >= 0 ? Long.toString(value) : written.isEmpty() ? file.standard() : written)
                            .append('\n');
                }
            }
            case LIST, MAP -> {
                if (present) {
                    lines(text, files.list(file.name()).orElse(List.of()));
                }
            }
            case TEXT -> {
                if (file.name().endsWith(".pem")) {
                    text.append(present ? "(set)\n" : "");
                } else if (present) {
                    lines(text, List.of(files.text(file.name()).orElse("").split("\n")));
                }
            }
            case SECRET -> {
                if (present) {
                    files.line(file.name()); // readable?
                    text.append("(set)\n");
                }
            }
            case CDB -> cdb(text, file.name(), present);
        }
    }

    /** A share of the deliveries is never more than the whole. */
    private static long whole(ControlFile file, ControlFiles files) {
        return switch (file.name()) {
            case "concurrencyperhost" -> Math.max(1, files.number("concurrencyremote"));
            case "concurrencyperuser" -> Math.max(1, files.number("concurrencylocal"));
            default -> Long.MAX_VALUE;
        };
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
        Map<String, ControlFile> known = ControlCatalog.files();
        for (String name : HomeOption.names(installation.control())) {
            if (!known.containsKey(name)) {
                text.append(name).append(": I have no idea what this file does.\n");
            }
        }
    }
}
