package carteiro.lookup;

import carteiro.mail.Octets;
import java.util.List;
import java.util.Map;

/**
 * An entry as the directory gave it.
 *
 * @param dn its name
 * @param values by attribute in lower case; each value as octets
 */
record DirectoryEntry(String dn, Map<String, List<String>> values) {
    DirectoryEntry {
        values = Map.copyOf(values);
    }

    /** About how many octets of memory it has. */
    long octets() {
        long octets = 200L + 2L * dn.length();
        for (List<String> each : values.values()) {
            octets += 100;
            for (String value : each) {
                octets += 60L + value.length();
            }
        }
        return octets;
    }

    /** The values of an attribute, in the order of the directory. */
    List<String> all(String attribute) {
        return values.getOrDefault(Octets.lowerCase(attribute), List.of());
    }
}
