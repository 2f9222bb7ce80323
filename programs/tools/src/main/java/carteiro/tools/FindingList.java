package carteiro.tools;

import carteiro.control.Setting;
import carteiro.log.LogText;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;

/** Takes what is found; the same may be found by several programs and is kept once. What it quotes is made printable. */
final class FindingList {
    private final Set<String> mistakes = new LinkedHashSet<>();
    private final Set<String> warnings = new LinkedHashSet<>();

    /** What keeps a program from starting, or does what nobody can have meant: {@code control/FILE:LINE: sentence}. */
    void mistake(String finding) {
        mistakes.add(LogText.printable(finding));
    }

    /** The same of one line of a control file, from 1. */
    void mistake(Setting<?> setting, int line, String sentence) {
        mistake(setting + ":" + line + ": " + sentence);
    }

    /** What may be meant. */
    void warning(String finding) {
        warnings.add(LogText.printable(finding));
    }

    /** The same of one line of a control file, from 1. */
    void warning(Setting<?> setting, int line, String sentence) {
        warning(setting + ":" + line + ": " + sentence);
    }

    Set<String> mistakes() {
        return Collections.unmodifiableSet(mistakes);
    }

    Set<String> warnings() {
        return Collections.unmodifiableSet(warnings);
    }
}
