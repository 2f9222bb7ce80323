package carteiro.control;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The table on a page of docs/control: what the declaration of a setting says. */
final class SettingPage {
    private static final String HEAD = "| | |\n| --- | --- |\n| form |";

    private SettingPage() {}

    /**
     * The page with that table: in place of the one it has, else behind its first paragraph.
     *
     * @param docs the folder with the pages of programs
     */
    static String withTable(String page, Setting<?> setting, Path docs) {
        int from = page.indexOf(HEAD);
        if (from >= 0) {
            int end = page.indexOf("\n\n", from);
            return page.substring(0, from) + table(setting, docs) + (end < 0 ? "" : page.substring(end + 1));
        }
        int text = page.indexOf('\n') + 1;
        while (text < page.length() && page.charAt(text) == '\n') {
            text++;
        }
        int end = page.indexOf("\n\n", text);
        return end < 0
                ? page + "\n" + table(setting, docs)
                : page.substring(0, end + 2) + table(setting, docs) + page.substring(end + 1);
    }

    private static String table(Setting<?> setting, Path docs) {
        return HEAD + " " + form(setting) + " |\n" + range(setting) + "| default | " + standard(setting) + " |\n"
                + "| read by | " + readers(setting, docs) + " |\n";
    }

    private static String form(Setting<?> setting) {
        String unit = setting.range().unit().text();
        return setting.format().text()
                + (setting.format() == SettingFormat.NUMBER && !unit.isEmpty() ? ", " + unit : "");
    }

    private static String range(Setting<?> setting) {
        if (!setting.words().isEmpty()) {
            return "| words | "
                    + setting.words().stream().map(word -> "`" + word + "`").collect(Collectors.joining(", ")) + " |\n";
        }
        if (setting.format() != SettingFormat.NUMBER || setting.range().unit() == SettingUnit.SWITCH) {
            return "";
        }
        NumberRange range = setting.range();
        return "| range | " + range.least() + (range.most() == Integer.MAX_VALUE ? " and more" : " to " + range.most())
                + switch (range.outside()) {
                    case REFUSED -> "";
                    case CUT -> "; more is " + range.most();
                    case RAISED -> "; less is " + range.least();
                }
                + " |\n";
    }

    private static String standard(Setting<?> setting) {
        return switch (setting.absence()) {
            case ME_ELSE_NAME -> "the content of [me](me.md); without it the word `" + setting.name() + "`";
            case ME_ELSE_REFUSED -> "the content of [me](me.md), which must be there then";
            case ME_ELSE_NOTHING -> "the content of [me](me.md)";
            case NOTHING -> setting.standard();
            case STANDARD -> setting.standard().isEmpty() ? "empty" : setting.standard();
        };
    }

    private static String readers(Setting<?> setting, Path docs) {
        return Stream.of(setting.readers().split(", "))
                .map(reader -> link(reader, docs))
                .collect(Collectors.joining(", "));
    }

    private static String link(String reader, Path docs) {
        for (String page : List.of(reader, "qmail-" + reader)) {
            if (Files.exists(docs.resolve("programs").resolve(page + ".md"))) {
                return "[" + reader + "](../programs/" + page + ".md)";
            }
        }
        return reader.equals("all") ? "every program" : reader;
    }
}
