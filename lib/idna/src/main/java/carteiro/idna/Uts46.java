package carteiro.idna;

import carteiro.mail.Octets;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The processing of UTS 46 section 4 with the strict settings: not transitional, STD 3 rules, hyphens, joiners and bidi
 * checked. Pure.
 */
final class Uts46 {
    /** What an A-label begins with. */
    static final String PREFIX = "xn--";

    private static final int ZERO_WIDTH_NON_JOINER = 0x200c;
    private static final int ZERO_WIDTH_JOINER = 0x200d;

    private Uts46() {}

    /** One label as people read it; nothing if it is not valid. */
    static Optional<String> label(String label) {
        return labels(label).filter(labels -> labels.size() == 1).map(List::getFirst);
    }

    /** The labels of a name as people read them, empty ones included; nothing if one is not valid. */
    static Optional<List<String>> labels(String name) {
        Optional<String> mapped = mapped(name);
        if (mapped.isEmpty()) {
            return Optional.empty();
        }
        var labels = new ArrayList<String>();
        for (String label :
                Normalizer.normalize(mapped.get(), Normalizer.Form.NFC).split("\\.", -1)) {
            Optional<String> shown = label.startsWith(PREFIX) ? decoded(label) : Optional.of(label);
            if (shown.isEmpty() || !isValid(shown.get())) {
                return Optional.empty();
            }
            labels.add(shown.get());
        }
        return BidiRule.holds(labels) ? Optional.of(List.copyOf(labels)) : Optional.empty();
    }

    private static Optional<String> mapped(String name) {
        IdnaTable table = IdnaTable.get();
        var mapped = new StringBuilder(name.length());
        for (int i = 0; i < name.length(); ) {
            int point = name.codePointAt(i);
            i += Character.charCount(point);
            if (table.isValid(point)) {
                mapped.appendCodePoint(point);
            } else if (!table.isIgnored(point)) {
                String to = table.mapped(point);
                if (to == null) {
                    return Optional.empty();
                }
                mapped.append(to);
            }
        }
        return Optional.of(mapped.toString());
    }

    /** An A-label must stand for something that only an A-label can say, in the form it would be given. */
    private static Optional<String> decoded(String label) {
        return Punycode.decode(label.substring(PREFIX.length()))
                .filter(text -> !Octets.areAscii(text) && Normalizer.isNormalized(text, Normalizer.Form.NFC));
    }

    private static boolean isValid(String label) {
        int[] points = label.codePoints().toArray();
        if (points.length == 0) {
            return true;
        }
        if (points[0] == '-'
                || points[points.length - 1] == '-'
                || points.length > 3 && points[2] == '-' && points[3] == '-'
                || isMark(points[0])) {
            return false;
        }
        IdnaTable table = IdnaTable.get();
        for (int i = 0; i < points.length; i++) {
            if (!table.isValid(points[i]) || points[i] == '.' || !mayJoin(points, i)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isMark(int point) {
        return switch (Character.getType(point)) {
            case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.COMBINING_SPACING_MARK -> true;
            default -> false;
        };
    }

    /** RFC 5892 appendix A.1 and A.2. */
    private static boolean mayJoin(int[] points, int at) {
        if (points[at] != ZERO_WIDTH_NON_JOINER && points[at] != ZERO_WIDTH_JOINER) {
            return true;
        }
        IdnaTable table = IdnaTable.get();
        if (at > 0 && table.isVirama(points[at - 1])) {
            return true;
        }
        return points[at] == ZERO_WIDTH_NON_JOINER && table.joins(points, at, -1) && table.joins(points, at, 1);
    }
}
