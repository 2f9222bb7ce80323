package carteiro.idna;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What Unicode's tables say of each character; about half a MiB once it is used. Immutable. */
final class IdnaTable {
    private static final String NAME = "uts46.txt";

    /** The kinds of lines, by the letter that begins them. */
    private enum TableLineKind {
        V,
        I,
        L,
        R,
        D,
        T,
        K
    }

    /** Read when a name beyond ASCII is first seen. */
    private static final class Once {
        static final IdnaTable TABLE = read();
    }

    private final Map<TableLineKind, BitSet> sets;
    private final int[] from;
    private final String[] to;

    private IdnaTable(Map<TableLineKind, BitSet> sets, int[] from, String[] to) {
        this.sets = sets;
        this.from = from;
        this.to = to;
    }

    static IdnaTable get() {
        return Once.TABLE;
    }

    private static IdnaTable read() {
        var sets = new EnumMap<TableLineKind, BitSet>(TableLineKind.class);
        int[] from = new int[8192];
        String[] to = new String[from.length];
        int mapped = 0;
        var resource = Objects.requireNonNull(IdnaTable.class.getResourceAsStream(NAME), NAME);
        try (var lines = new BufferedReader(new InputStreamReader(resource, StandardCharsets.US_ASCII))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] words = line.split(" ");
                switch (words[0]) {
                    case "#" -> {}
                    case "M" -> {
                        from[mapped] = Integer.parseInt(words[1], 16);
                        var target = new StringBuilder();
                        for (int i = 2; i < words.length; i++) {
                            target.appendCodePoint(Integer.parseInt(words[i], 16));
                        }
                        to[mapped++] = target.toString();
                    }
                    default -> {
                        int hyphen = words[1].indexOf('-');
                        int first = Integer.parseInt(hyphen < 0 ? words[1] : words[1].substring(0, hyphen), 16);
                        int last = hyphen < 0 ? first : Integer.parseInt(words[1].substring(hyphen + 1), 16);
                        sets.computeIfAbsent(TableLineKind.valueOf(words[0]), _ -> new BitSet())
                                .set(first, last + 1);
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new IdnaTable(sets, Arrays.copyOf(from, mapped), Arrays.copyOf(to, mapped));
    }

    private boolean is(TableLineKind kind, int point) {
        BitSet set = sets.get(kind);
        return set != null && set.get(point);
    }

    boolean isValid(int point) {
        return is(TableLineKind.V, point);
    }

    boolean isIgnored(int point) {
        return is(TableLineKind.I, point);
    }

    boolean isVirama(int point) {
        return is(TableLineKind.K, point);
    }

    /** What stands for the character; null if it may not be there. */
    @Nullable
    String mapped(int point) {
        int at = Arrays.binarySearch(from, point);
        return at < 0 ? null : to[at];
    }

    /** Whether the letter next to a non-joiner, past the transparent ones, is one that would join it. */
    boolean joins(int[] points, int nonJoiner, int step) {
        int at = nonJoiner + step;
        while (at >= 0 && at < points.length && is(TableLineKind.T, points[at])) {
            at += step;
        }
        return at >= 0
                && at < points.length
                && (is(TableLineKind.D, points[at]) || is(step < 0 ? TableLineKind.L : TableLineKind.R, points[at]));
    }
}
