package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.tools.ToolProvider;

/** The product, made of a copy of its sources in which something is changed. */
final class ChangedProduct {
    private static final Path ROOT = Path.of(System.getProperty("carteiro.root"));

    private final Path classes;

    private ChangedProduct(Path classes) {
        this.classes = classes;
    }

    /** Changes to sources, by their paths from the root of the project. */
    static final class SourceChanges {
        private final Map<String, String> changed = new HashMap<>();

        private String text(String source) throws IOException {
            String before = changed.get(source);
            return before == null ? Files.readString(ROOT.resolve(source)) : before;
        }

        void add(String source, String text) {
            assertThat(ROOT.resolve(source)).doesNotExist();
            changed.put(source, text);
        }

        /** What the source has once, and what takes its place. */
        void replace(String source, String old, String other) throws IOException {
            String text = text(source);
            assertThat(text.split(java.util.regex.Pattern.quote(old), -1))
                    .as("parts of %s around %s", source, old)
                    .hasSize(2);
            changed.put(source, text.replace(old, other));
        }
    }

    /** Compiles all of it, into a folder that everybody may read. */
    static ChangedProduct of(SourceChanges changes, Path folder) throws IOException {
        Path classes = Files.createDirectories(folder.resolve("classes"));
        var command = new ArrayList<>(List.of(
                "-nowarn", "-proc:none", "-d", classes.toString(), "-cp", System.getProperty("java.class.path")));
        for (String part : List.of("lib", "programs")) {
            try (Stream<Path> walk = Files.walk(ROOT.resolve(part))) {
                walk.map(path -> ROOT.relativize(path).toString())
                        .filter(path -> path.contains("/src/main/java/")
                                && path.endsWith(".java")
                                && !path.endsWith("module-info.java")
                                && !changes.changed.containsKey(path))
                        .forEach(path -> command.add(ROOT.resolve(path).toString()));
            }
        }
        for (Map.Entry<String, String> change : changes.changed.entrySet()) {
            Path source = folder.resolve("sources").resolve(change.getKey());
            Files.createDirectories(source.getParent());
            command.add(Files.writeString(source, change.getValue()).toString());
        }
        assertThat(ToolProvider.getSystemJavaCompiler().run(null, null, null, command.toArray(String[]::new)))
                .as("compiled")
                .isZero();
        return new ChangedProduct(classes);
    }

    /** Has programs of the split form be of it. */
    void runs(CarteiroProcess carteiro, String... programs) throws IOException {
        for (String program : programs) {
            carteiro.build(program, classes);
        }
    }

    /** What a command of it prints, and how it ends. */
    CarteiroProcess.Result command(CarteiroProcess carteiro, String mainClass, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(CarteiroProcess.java());
        command.set(command.size() - 1, classes + ":" + command.getLast());
        command.add(mainClass);
        command.addAll(List.of(arguments));
        return CarteiroProcess.run(
                command, Map.of("CARTEIRO_HOME", carteiro.home().toString()), "");
    }
}
