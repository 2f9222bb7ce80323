package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The units of docs/systemd: what systemd says of them, and what all of them must have. */
class SystemdUnitsTest {
    private static final Path CHECKOUT = Path.of(System.getProperty("carteiro.root"));
    private static final Path UNITS = CHECKOUT.resolve("docs/systemd");

    @TempDir
    Path folder;

    private static List<Path> units() throws Exception {
        try (Stream<Path> all = Files.list(UNITS)) {
            return all.filter(unit -> unit.toString().endsWith("@.service"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void systemdFindsNoFault() throws Exception {
        assumeTrue(
                Files.isExecutable(Path.of("/usr/bin/systemd-analyze")), "SKIPPED: systemd-analyze is not installed");
        var command = new ArrayList<>(List.of("systemd-analyze", "verify", "--man=no"));
        try (Stream<Path> all = Files.list(UNITS)) {
            for (Path unit : all.filter(file -> file.toString().contains("@")).toList()) {
                Files.writeString(
                        folder.resolve(unit.getFileName()),
                        Files.readString(unit).replace("/opt/carteiro", CHECKOUT.toString()));
                Path instance = folder.resolve(
                        unit.getFileName().toString().replace("@", "@var-carteiro")); // as systemctl would name it
                Files.copy(folder.resolve(unit.getFileName()), instance);
                command.add(instance.toString());
            }
        }
        assertThat(command).hasSizeGreaterThan(8);
        CarteiroProcess.Result verified = CarteiroProcess.run(command, Map.of("SYSTEMD_UNIT_PATH", folder + ":"), "");
        assertThat(verified.output()).doesNotContain("carteiro");
        assertThat(verified.exit()).as(verified.output()).isZero();
    }

    @Test
    void everyUnitTellsWhenItIsReadyEndsItsTriesAndIsClosed() throws Exception {
        assertThat(units()).hasSize(13);
        for (Path unit : units()) {
            List<String> lines = Files.readAllLines(unit);
            boolean delivers = unit.endsWith("carteiro@.service") || unit.endsWith("carteiro-local@.service");
            assertThat(lines)
                    .as(unit.toString())
                    .contains(
                            "Type=notify",
                            "NotifyAccess=main",
                            "Restart=on-failure",
                            "StartLimitIntervalSec=300",
                            "StartLimitBurst=8",
                            "LimitCORE=0",
                            "PrivateDevices=yes",
                            "ProtectKernelModules=yes",
                            "ProtectKernelLogs=yes",
                            "ProtectClock=yes",
                            "ProtectHostname=yes",
                            "LockPersonality=yes",
                            "RestrictRealtime=yes",
                            "SystemCallArchitectures=native");
            if (delivers) { // users' programs may be set-user-id
                assertThat(lines).as(unit.toString()).noneMatch(line -> line.startsWith("NoNewPrivileges"));
            } else {
                boolean inHomes = unit.toString().matches(".*(mailboxes|checkpassword).*");
                assertThat(lines)
                        .as(unit.toString())
                        .contains(inHomes ? "ProtectSystem=full" : "ProtectSystem=strict")
                        .contains(inHomes ? "PrivateNetwork=yes" : "ReadWritePaths=%f")
                        .contains(
                                "NoNewPrivileges=yes",
                                "PrivateTmp=yes",
                                "ProtectProc=invisible",
                                "RestrictNamespaces=yes",
                                "SystemCallFilter=@system-service");
            }
            assertThat(lines).as("one variable").noneMatch(line -> line.contains("/var/"));
            assertThat(lines)
                    .as("what is wrong only for mail, such as an old certificate, keeps nothing from starting")
                    .noneMatch(line -> line.matches("ExecStartPre=.* check (?!--before-start ).*"));
            assertThat(lines).anyMatch(line -> line.matches("ExecStart=/opt/carteiro/carteiro .* --home %f"));
        }
    }

    @Test
    void readmeAndUnitsNameTheSameHome() throws Exception {
        String readme = Files.readString(CHECKOUT.resolve("README.md"));
        assertThat(readme).contains("init --home /var/carteiro ");
        assertThat(Files.readString(UNITS.resolve("README.md")))
                .contains("init --home /var/carteiro ", "@var-carteiro");
    }
}
