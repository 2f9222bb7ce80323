package carteiro.control;

import java.util.List;

/** Settings that cannot be used: every problem at once, each with its file, its line, and how to mend it. */
public final class ControlException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient List<String> problems;

    /** @param problems at least one, each a line such as {@code control/databytes:1: "5m" is not a number ...} */
    public ControlException(List<String> problems) {
        super(String.join("\n", problems));
        this.problems = List.copyOf(problems);
    }

    /** The problems, one sentence each. */
    public List<String> problems() {
        return problems;
    }
}
