package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The lock of what the build has from Maven Central, as ./carteiro asks it: dist/checksums. */
class ChecksumsTest {
    private static final Path CHECKOUT = Path.of(System.getProperty("carteiro.root"));
    private static final String ARTIFACT = "org/jspecify/jspecify/1.0.0/jspecify-1.0.0.pom";
    private static final String CONTENT = "what was looked at\n";

    @TempDir
    Path folder;

    private Path list;
    private Path artifact;

    @BeforeEach
    void aCheckoutAndARepository() throws Exception {
        Files.createDirectories(folder.resolve("dist"));
        Files.copy(CHECKOUT.resolve("dist/checksums"), folder.resolve("dist/checksums"));
        artifact = folder.resolve("repository").resolve(ARTIFACT);
        Files.createDirectories(artifact.getParent());
        Files.writeString(artifact, CONTENT);
        list = folder.resolve(".mvn/checksums/checksums.sha256");
        Files.createDirectories(list.getParent());
        CarteiroProcess.Result sum = CarteiroProcess.run(
                List.of(
                        "sh",
                        "-c",
                        "cd \"$1\" && sha256sum \"$2\"",
                        "sh",
                        folder.resolve("repository").toString(),
                        ARTIFACT),
                Map.of(),
                "");
        Files.writeString(list, sum.output());
    }

    private CarteiroProcess.Result checksums(String... words) throws Exception {
        var command = new java.util.ArrayList<>(
                List.of("bash", folder.resolve("dist/checksums").toString()));
        command.addAll(List.of(words));
        return CarteiroProcess.run(command, Map.of("LC_ALL", "C"), "");
    }

    private CarteiroProcess.Result check() throws Exception {
        return checksums("check", folder.resolve("repository").toString());
    }

    @Test
    void whatIsLockedPasses() throws Exception {
        assertThat(check().exit()).isZero();
        Files.delete(artifact);
        assertThat(check().exit()).as("an empty repository: Maven fills it").isZero();
    }

    @Test
    void mavenItselfIsToldToRefuseWhatIsNotLocked() throws Exception {
        String checksums = "-Daether.artifactResolver.postProcessor.trustedChecksums";
        assertThat(Files.readAllLines(CHECKOUT.resolve(".mvn/maven.config")))
                .contains(
                        checksums + "=true",
                        checksums + ".checksumAlgorithms=SHA-256",
                        checksums + ".failIfMissing=true",
                        "-Daether.trustedChecksumsSource.summaryFile=true");
    }

    @Test
    void whatDiffersEndsTheBuildAndIsNamed() throws Exception {
        Files.writeString(artifact, "more", StandardOpenOption.APPEND);
        CarteiroProcess.Result found = check();
        assertThat(found.exit()).isEqualTo(1);
        assertThat(found.output()).contains(ARTIFACT + ": FAILED");
    }

    @Test
    void aListThatCannotBeUsedPassesNothing() throws Exception {
        Files.writeString(list, "no line of a list\n", StandardOpenOption.APPEND);
        assertThat(check().exit()).as("a line that is none").isEqualTo(1);
        Files.writeString(list, "");
        assertThat(check().exit()).as("empty").isEqualTo(1);
        Files.delete(list);
        CarteiroProcess.Result found = check();
        assertThat(found.exit()).as("missing").isEqualTo(1);
        assertThat(found.output()).contains("checksums.sha256 is missing or empty");
        assertThat(checksums("libraries", folder.toString()).exit()).isEqualTo(1);
    }

    @Test
    void aLibraryOfTheProductThatIsNotLockedIsRefused() throws Exception {
        Path lib = Files.createDirectory(folder.resolve("lib"));
        Files.writeString(lib.resolve("carteiro-smtp-0.1.0.jar"), "ours");
        assertThat(checksums("libraries", lib.toString()).exit()).isZero();
        Files.writeString(lib.resolve("unboundid-ldapsdk-9.jar"), "somebody's");
        CarteiroProcess.Result found = checksums("libraries", lib.toString());
        assertThat(found.exit()).isEqualTo(1);
        assertThat(found.output()).contains("unboundid-ldapsdk-9.jar is not in .mvn/checksums");
    }
}
