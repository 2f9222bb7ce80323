package carteiro.listen;

import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What is special at a listener: the words behind its address.
 *
 * @param words in any order; none for an ordinary one
 */
public record ListenerRole(Set<RoleWord> words) {
    /** Conversations begin in the clear, from whoever connects; STARTTLS is offered where there is a key. */
    public static final ListenerRole PLAIN = new ListenerRole(Set.of());

    /** Copies the set. */
    public ListenerRole {
        words = Set.copyOf(words);
    }

    /** What may stand behind an address. */
    public enum RoleWord {
        /** TLS comes before the greeting (RFC 8314 section 3.3). */
        TLS,
        /** For users of this host alone (RFC 6409). */
        SUBMISSION,
        /** A proxy connects, and says first who the client is (the PROXY protocol, version 1 or 2). */
        PROXY;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Reads such words, each once at most; empty if one is none of those that a program knows. */
    static Optional<ListenerRole> parse(List<String> words, Set<RoleWord> known) {
        var found = EnumSet.noneOf(RoleWord.class);
        for (String word : words) {
            Optional<RoleWord> one =
                    known.stream().filter(each -> each.toString().equals(word)).findFirst();
            if (one.isEmpty() || !found.add(one.get())) {
                return Optional.empty();
            }
        }
        return Optional.of(new ListenerRole(found));
    }

    /** Whether that word stands behind the address. */
    public boolean has(RoleWord word) {
        return words.contains(word);
    }

    /** The words in their order; empty if there are none. */
    @Override
    public String toString() {
        return words.stream().sorted().map(RoleWord::toString).collect(Collectors.joining(" "));
    }
}
