package carteiro.start;

import carteiro.log.LogText;
import carteiro.protocol.Control.ProgramStatus;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Rows of a status for people. */
final class StatusTable {
    private static final DateTimeFormatter SINCE = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT);

    private StatusTable() {}

    static String of(List<ProgramStatus> rows, ZoneId zone) {
        var lines = new ArrayList<List<String>>();
        lines.add(List.of("program", "state", "since", "pid", "restarts", "status"));
        for (ProgramStatus row : rows) {
            lines.add(List.of(
                    LogText.safe(row.program()),
                    row.state().name().toLowerCase(Locale.ROOT),
                    SINCE.format(row.since().atZone(zone)),
                    row.pid() == 0 ? "-" : Long.toString(row.pid()),
                    Long.toString(row.restarts()),
                    LogText.sentence(row.status())));
        }
        var table = new StringBuilder();
        int columns = lines.getFirst().size();
        for (List<String> line : lines) {
            for (int column = 0; column < columns - 1; column++) {
                int at = column;
                int width = lines.stream()
                        .mapToInt(other -> other.get(at).length())
                        .max()
                        .orElse(0);
                table.append(line.get(column))
                        .repeat(' ', width - line.get(column).length() + 2);
            }
            table.append(line.getLast().stripTrailing());
            while (table.charAt(table.length() - 1) == ' ') {
                table.setLength(table.length() - 1);
            }
            table.append('\n');
        }
        return table.toString();
    }
}
