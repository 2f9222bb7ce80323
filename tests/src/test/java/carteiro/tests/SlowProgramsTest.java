package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.tests.CarteiroProcess.Form;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Programs of users that take their time. */
class SlowProgramsTest {
    private static final String MESSAGE = "Subject: hello\n\nbody\n";

    @ParameterizedTest
    @EnumSource
    @DisplayName(
            "a user whose two accounts have sleeping programs holds up nobody else's mail, and all of it arrives in the end")
    void sleepingProgramsOfTwoAccounts(Form form) throws Exception {
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("one", "two", "ann");
            Path go = carteiro.folder().resolve("go");
            for (String account : List.of("one", "two")) {
                carteiro.dotQmail(account, ".qmail", "|while [ ! -e " + go + " ]; do sleep 0.1; done\n");
            }
            carteiro.start();
            try (var client = new SmtpClient(carteiro.smtp())) {
                for (int i = 0; i < 10; i++) {
                    for (String account : List.of("one", "two")) {
                        assertThat(client.send("s@example.net", List.of(account + "@example.org"), MESSAGE))
                                .startsWith("250 ");
                    }
                }
                assertThat(client.send("s@example.net", List.of("ann@example.org"), MESSAGE))
                        .startsWith("250 ");
            }
            assertThat(carteiro.awaitMailbox("ann", 1)).hasSize(1);
            assertThat(carteiro.log()).noneMatch(line -> line.contains("success: did_0+0+1"));
            Files.createFile(go);
            carteiro.awaitEnds(21);
            assertThat(carteiro.log().stream().filter(line -> line.contains("success: did_0+0+1")))
                    .hasSize(20);
        }
    }
}
