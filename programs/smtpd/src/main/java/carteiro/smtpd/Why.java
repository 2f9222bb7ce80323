package carteiro.smtpd;

import carteiro.mail.Octets;
import carteiro.posix.Invocation;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** carteiro why: explains the codes that refusals of smtpd end with (docs/programs/why.md). */
public final class Why {
    private static final int UNKNOWN = 100;

    private Why() {}

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("why", arguments, Why::run);
    }

    static int run(Invocation call) throws IOException {
        List<String> words = call.arguments();
        if (words.isEmpty()) {
            var all = new StringBuilder();
            for (PolicyRule rule : PolicyRule.values()) {
                all.append(rule.code())
                        .append(' ')
                        .append(rule)
                        .append(": ")
                        .append(rule.meaning())
                        .append('\n');
            }
            call.print(all.toString());
            return 0;
        }
        int exit = 0;
        for (String word : words) {
            Optional<PolicyRule> rule = named(word);
            if (rule.isPresent()) {
                call.print(explanation(rule.get()));
            } else {
                call.complain("why: \"" + word + "\" is no code of a refusal; carteiro why alone lists all, such as "
                        + PolicyRule.RELAYING.code() + "\n");
                exit = UNKNOWN;
            }
        }
        return exit;
    }

    /** By its code, as it stands in a reply or without brackets, or by its name in the log. */
    private static Optional<PolicyRule> named(String word) {
        String plain = word.startsWith("[") && word.endsWith("]") ? word.substring(1, word.length() - 1) : word;
        String key = Octets.lowerCase(plain);
        return Arrays.stream(PolicyRule.values())
                .filter(rule -> Octets.lowerCase(rule.code()).equals(key)
                        || rule.toString().equals(key))
                .findFirst();
    }

    private static String explanation(PolicyRule rule) {
        return rule.code() + " " + rule + "\n  means: " + rule.meaning() + "\n  set by: " + rule.setting()
                + "\n  the administrator: " + rule.administrator() + "\n  the sender: " + rule.sender() + "\n";
    }
}
