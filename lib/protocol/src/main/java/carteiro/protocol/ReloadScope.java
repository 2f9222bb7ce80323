package carteiro.protocol;

import carteiro.control.Setting;
import java.util.Map;
import java.util.Set;

/**
 * Which settings a reload of one program makes count.
 *
 * @param own those that it reads again itself
 * @param others by the name of another program: those that it has that program read again
 */
public record ReloadScope(OwnSettings own, Map<String, Set<Setting<?>>> others) {
    /** Everything that the program reads, and nothing of others. */
    public static final ReloadScope WHOLE = new ReloadScope(new OwnSettings.All(), Map.of());

    /** Copies the map. */
    public ReloadScope {
        others = Map.copyOf(others);
    }

    /** What it reads again itself. */
    public sealed interface OwnSettings {
        /** All that it reads. */
        record All() implements OwnSettings {}

        /** These; for the rest it has to be started again. */
        record Some(Set<Setting<?>> settings) implements OwnSettings {
            /** Copies the set. */
            public Some {
                settings = Set.copyOf(settings);
            }
        }
    }

    /** Whether it reads the setting of that name again. */
    public boolean rereads(String setting) {
        return switch (own) {
            case OwnSettings.All() -> true;
            case OwnSettings.Some(var settings) -> hasName(settings, setting);
        };
    }

    /** Whether it has another program read the setting of that name again. */
    public boolean handsOn(String program, String setting) {
        return hasName(others.getOrDefault(program, Set.of()), setting);
    }

    private static boolean hasName(Set<Setting<?>> settings, String name) {
        return settings.stream().anyMatch(setting -> setting.name().equals(name));
    }
}
