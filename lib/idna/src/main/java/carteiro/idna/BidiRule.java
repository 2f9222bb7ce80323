package carteiro.idna;

import java.util.List;

/** The rule for names with letters that run from right to left (RFC 5893 section 2). */
final class BidiRule {
    private BidiRule() {}

    /** Whether the labels obey, if the rule concerns their name at all. */
    static boolean holds(List<String> labels) {
        boolean concerned = labels.stream()
                .flatMapToInt(String::codePoints)
                .anyMatch(point -> switch (Character.getDirectionality(point)) {
                    case Character.DIRECTIONALITY_RIGHT_TO_LEFT,
                            Character.DIRECTIONALITY_RIGHT_TO_LEFT_ARABIC,
                            Character.DIRECTIONALITY_ARABIC_NUMBER -> true;
                    default -> false;
                });
        return !concerned || labels.stream().allMatch(label -> label.isEmpty() || holds(label));
    }

    private static boolean holds(String label) {
        int[] points = label.codePoints().toArray();
        boolean rightToLeft;
        switch (Character.getDirectionality(points[0])) {
            case Character.DIRECTIONALITY_LEFT_TO_RIGHT -> rightToLeft = false;
            case Character.DIRECTIONALITY_RIGHT_TO_LEFT, Character.DIRECTIONALITY_RIGHT_TO_LEFT_ARABIC ->
                rightToLeft = true;
            default -> {
                return false;
            }
        }
        boolean endsWell = false;
        boolean european = false;
        boolean arabic = false;
        for (int point : points) {
            switch (Character.getDirectionality(point)) {
                case Character.DIRECTIONALITY_LEFT_TO_RIGHT -> {
                    if (rightToLeft) {
                        return false;
                    }
                    endsWell = true;
                }
                case Character.DIRECTIONALITY_RIGHT_TO_LEFT, Character.DIRECTIONALITY_RIGHT_TO_LEFT_ARABIC -> {
                    if (!rightToLeft) {
                        return false;
                    }
                    endsWell = true;
                }
                case Character.DIRECTIONALITY_ARABIC_NUMBER -> {
                    if (!rightToLeft) {
                        return false;
                    }
                    arabic = true;
                    endsWell = true;
                }
                case Character.DIRECTIONALITY_EUROPEAN_NUMBER -> {
                    european = true;
                    endsWell = true;
                }
                case Character.DIRECTIONALITY_EUROPEAN_NUMBER_SEPARATOR,
                        Character.DIRECTIONALITY_COMMON_NUMBER_SEPARATOR,
                        Character.DIRECTIONALITY_EUROPEAN_NUMBER_TERMINATOR,
                        Character.DIRECTIONALITY_OTHER_NEUTRALS,
                        Character.DIRECTIONALITY_BOUNDARY_NEUTRAL -> endsWell = false;
                case Character.DIRECTIONALITY_NONSPACING_MARK -> {} // as the one before it
                default -> {
                    return false;
                }
            }
        }
        return endsWell && !(rightToLeft && european && arabic);
    }
}
