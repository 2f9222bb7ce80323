package carteiro.control;

import carteiro.idna.DomainName;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A table keyed as smtproutes is: a domain, {@code .suffix} for all below a domain, the empty key for all others.
 * Compared without case; names in UTF-8 and in ASCII form are one. Immutable.
 */
public final class DomainTable<V> {
    private final Map<String, V> values;

    /** @param values by key, in the order of their lines: of two keys of one domain the last counts */
    public DomainTable(Map<String, V> values) {
        var lowered = new HashMap<String, V>();
        values.forEach((key, value) -> lowered.put(DomainName.key(key), value));
        this.values = Map.copyOf(lowered);
    }

    /** The value of the domain, else of its longest listed suffix, else of the empty key. */
    public Optional<V> find(String domain) {
        if (values.isEmpty()) {
            return Optional.empty();
        }
        String key = DomainName.key(domain);
        V found = values.get(key);
        for (int dot = key.indexOf('.'); found == null && dot >= 0; dot = key.indexOf('.', dot + 1)) {
            found = values.get(key.substring(dot));
        }
        return Optional.ofNullable(found == null ? values.get("") : found);
    }
}
