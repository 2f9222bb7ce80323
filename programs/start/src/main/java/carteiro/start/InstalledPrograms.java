package carteiro.start;

import carteiro.control.Installation;
import carteiro.protocol.Program;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;

/** The programs that are there: none is known by name. */
final class InstalledPrograms {
    private InstalledPrograms() {}

    /** Every program on the class path, in the order of starting. */
    static List<Program> all() {
        var programs = new ArrayList<Program>();
        ServiceLoader.load(Program.class, InstalledPrograms.class.getClassLoader())
                .forEach(programs::add);
        programs.sort(Comparator.comparing(Program::stopStage).thenComparing(Program::name));
        return List.copyOf(programs);
    }

    /** Those that an installation wants, in the same order. */
    static List<Program> wanted(Installation installation) {
        return all().stream().filter(program -> program.isWanted(installation)).toList();
    }
}
