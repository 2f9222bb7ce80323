package carteiro.protocol;

import carteiro.control.Setting;
import java.util.Map;
import java.util.Set;

/**
 * Which settings a program reads again, and when.
 *
 * @param own those that it reads again at a reload of itself
 * @param withOthers by the name of another program: those that it reads again at a reload of that one
 */
public record ReloadScope(OwnSettings own, Map<String, Set<Setting<?>>> withOthers) {
    /** Everything that the program reads, at a reload of itself alone. */
    public static final ReloadScope WHOLE = new ReloadScope(new OwnSettings.All(), Map.of());

    /** Copies the map. */
    public ReloadScope {
        withOthers = Map.copyOf(withOthers);
    }

    /** What it reads again at a reload of itself. */
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

    /** Whether it reads the setting of that name again when that other program is reloaded. */
    public boolean rereadsWith(String program, String setting) {
        return hasName(withOthers.getOrDefault(program, Set.of()), setting);
    }

    private static boolean hasName(Set<Setting<?>> settings, String name) {
        return settings.stream().anyMatch(setting -> setting.name().equals(name));
    }
}
