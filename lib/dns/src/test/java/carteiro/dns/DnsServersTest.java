package carteiro.dns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DnsServersTest {
    @TempDir
    Path home;

    private DnsServers read(String text) throws Exception {
        Files.createDirectories(home.resolve("control"));
        Files.writeString(home.resolve("control/dnsservers"), text);
        var files = new ControlFiles(new Installation(home));
        DnsServers servers = DnsServers.read(files);
        files.check();
        return servers;
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            192.0.2.53        | /192.0.2.53:53
            192.0.2.53:5353   | /192.0.2.53:5353
            [192.0.2.53]:5353 | /192.0.2.53:5353
            2001:db8::53      | /[2001:db8:0:0:0:0:0:53]:53
            [2001:db8::53]    | /[2001:db8:0:0:0:0:0:53]:53
            [::1]:5353        | /[0:0:0:0:0:0:0:1]:5353
            """)
    void aLineIsAServer(String line, String address) throws Exception {
        assertThat(read("# ours\n" + line + "\n").addresses()).singleElement().hasToString(address);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ns.example",
                "192.0.2.53:0",
                "192.0.2.53:65536",
                "192.0.2.53:x",
                "192.0.2.353",
                "1.2.3",
                "[::1",
                "::g",
                ":"
            })
    void whatIsNoAddressIsAProblem(String line) {
        assertThatThrownBy(() -> read("# ours\n" + line))
                .isInstanceOf(ControlException.class)
                .hasMessageStartingWith("control/dnsservers:2: ");
    }

    @Test
    void thereAreAtMostEight() throws Exception {
        assertThat(read("192.0.2.1\n".repeat(8)).addresses()).hasSize(8);
        assertThatThrownBy(() -> read("192.0.2.1\n".repeat(9))).isInstanceOf(ControlException.class);
    }

    @Test
    void withoutTheFileTheSystemDecides() throws Exception {
        assertThat(DnsServers.read(new ControlFiles(new Installation(home))).addresses())
                .isEmpty();
    }
}
