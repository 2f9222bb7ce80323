package carteiro.smtpd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One line understood. */
class SmtpCommandTest {
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            HELO client.example          | Helo[name=client.example]
            ehlo  [192.0.2.1]            | Ehlo[name=[192.0.2.1]]
            MAIL FROM:<bob@example.org>  | Mail[sender=<bob@example.org>, size=0, body=SEVEN_BIT, form=ASCII]
            MAIL FROM:<> SIZE=5 BODY=8bitmime SMTPUTF8 | Mail[sender=<>, size=5, body=EIGHT_BIT_MIME, form=SMTPUTF8]
            MAIL FROM:<bob@example.org   | RefusedCommand[verb=MAIL, reply=501 5.5.4 > missing]
            RCPT TO:<bob@example.org>    | Rcpt[recipient=<bob@example.org>]
            RCPT TO:<bob@example.org> NOTIFY=NEVER | Rcpt[recipient=<bob@example.org>]
            'HELO '                      | Helo[name=]
            EHLO                         | Ehlo[name=]
            POST / HTTP/1.1              | Foreign[verb=post]
            GET /                        | Foreign[verb=get]
            CONNECT mx.example:25 HTTP/1.1 | Foreign[verb=connect]
            PRI * HTTP/2.0               | Foreign[verb=pri]
            'Host: mx.example:25'        | Foreign[verb=host:]
            Content-Type:text/plain      | Foreign[verb=content-type:text/plain]
            ''         | Foreign[verb=???]
            FROB                         | RefusedCommand[verb=frob, reply=502 5.5.1 unimplemented]
            .                            | RefusedCommand[verb=., reply=502 5.5.1 unimplemented]
            ''                           | RefusedCommand[verb=, reply=500 5.5.2 command missing]
            RCPT TO:<>                   | RefusedCommand[verb=RCPT, reply=501 5.1.3 recipient missing]
            BDAT 17                      | Bdat[octets=17, place=EARLIER]
            bdat 0 last                  | Bdat[octets=0, place=LAST]
            QUIT                         | Quit[]
            'quit  '                     | Quit[]
            Starttls                     | StartTls[]
            """)
    void commandsBecomeValues(String line, String understood) {
        assertThat(SmtpCommand.parse(line)).hasToString(understood);
    }

    @Test
    void anyOctetsAreAValue() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        String[] pieces = {
            "MAIL FROM:",
            "RCPT TO:",
            "BDAT ",
            "EHLO ",
            "<",
            ">",
            "@",
            "\"",
            "\\",
            ":",
            " ",
            "SIZE=",
            "BODY=",
            "SMTPUTF8",
            "[",
            "]",
            ".",
            "-",
            "LAST",
            "9999999999",
            "\u00c3\u00a9",
            "a",
            ","
        };
        for (int i = 0; i < 200_000; i++) {
            var line = new StringBuilder();
            if (random.nextBoolean()) {
                line.append(pieces[random.nextInt(3)]);
            }
            for (int j = random.nextInt(20); j > 0; j--) {
                line.append(
                        random.nextInt(4) == 0
                                ? String.valueOf((char) random.nextInt(256))
                                : pieces[random.nextInt(pieces.length)]);
            }
            try {
                assertThat(SmtpCommand.parse(line.toString())).isNotNull();
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + " line " + line, e);
            }
        }
    }
}
