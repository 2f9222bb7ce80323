package carteiro.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.control.Installation;
import carteiro.mail.Address;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ForeignDomainsTest {
    private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 5); // it may wrap

    @TempDir
    Path home;

    private Path socket = Path.of("");
    private ForeignDomains foreign = new ForeignDomains(socket);

    @BeforeEach
    void socket() throws Exception {
        socket = Endpoint.LOOKUP.socket(new Installation(home).run());
        Files.createDirectories(socket.getParent());
        Files.createFile(socket);
        foreign = new ForeignDomains(socket, clock::get);
    }

    private boolean holds(String address) {
        return foreign.holds(new Address(address));
    }

    private void add(String address) {
        foreign.add(new Address(address), foreign.asking());
    }

    @Test
    void anAnswerHoldsForItsDomainAndForAMoment() {
        ForeignDomains.Asked asked = foreign.asking();
        clock.addAndGet(10);
        foreign.add(new Address("joe@Far.example"), asked);
        assertThat(holds("ann@far.EXAMPLE")).isTrue();
        assertThat(holds("ann@sub.far.example")).isFalse();
        assertThat(holds("far.example")).isFalse();
        clock.addAndGet(Duration.ofSeconds(1).toNanos() - 11); // of the question, not of its answer
        assertThat(holds("ann@far.example")).isTrue();
        clock.addAndGet(1);
        assertThat(holds("ann@far.example")).isFalse();
    }

    @Test
    void whatLookupHasReadAnewIsAskedAbout() throws Exception {
        ForeignDomains.Asked before = foreign.asking();
        add("joe@far.example");
        for (int i = 0; i < 100; i++) {
            ForeignDomains.forget(new Installation(home));
            assertThat(holds("ann@far.example")).isFalse();
            foreign.add(new Address("joe@far.example"), before);
            assertThat(holds("ann@far.example")).as("an answer from before").isFalse();
            add("joe@far.example");
            assertThat(holds("ann@far.example")).isTrue();
        }
    }

    @Test
    void noFileThatALinkNamesGetsAnotherTime() throws Exception {
        Path other = Files.createFile(home.resolve("other"));
        Files.setLastModifiedTime(other, FileTime.fromMillis(0));
        Files.delete(socket);
        Files.createSymbolicLink(socket, other);
        ForeignDomains.forget(new Installation(home));
        assertThat(Files.getLastModifiedTime(other)).isEqualTo(FileTime.fromMillis(0));
    }

    @Test
    void aStoppedLookupIsMissedAtOnceAndAnotherOneIsAsked() throws Exception {
        add("joe@far.example");
        Files.delete(socket);
        assertThat(holds("ann@far.example")).isFalse();
        add("joe@far.example");
        Files.createFile(socket);
        assertThat(holds("ann@far.example")).isFalse();
    }

    @Test
    void aDomainThatIsTooLongForOneIsNotRemembered() {
        String longest = "joe@" + "x".repeat(ForeignDomains.LONGEST);
        add(longest);
        add(longest + "x");
        assertThat(holds(longest)).isTrue();
        assertThat(holds(longest + "x")).isFalse();
        assertThat(foreign.size()).isOne();
    }

    @Test
    void thereIsNoEndOfDomains() {
        for (int i = 0; i < 30_000; i++) {
            add("joe@d" + i + ".example");
        }
        assertThat(holds("ann@d29999.example")).isTrue();
        assertThat(foreign.size()).isLessThanOrEqualTo(10_000);
    }
}
