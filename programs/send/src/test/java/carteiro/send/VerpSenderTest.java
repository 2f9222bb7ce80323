package carteiro.send;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.mail.Address;
import carteiro.testkit.Covers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VerpSenderTest {
    @ParameterizedTest(name = "{0} to {1}")
    @CsvSource(delimiter = '|', nullValues = "null", textBlock = """
            list-@h.org-@[] | bob@x.org   | list-bob=x.org@h.org
            list@h.org-@[]  | bob@x.org   | listbob=x.org@h.org
            list-@h.org-@[] | a@b@x.org   | list-a@b=x.org@h.org
            list-@h.org-@[] | bob         | list-@h.org-@[]
            list-@h.org     | bob@x.org   | list-@h.org
            list-@[]        | bob@x.org   | list-@[]
            -@[]            | bob@x.org   | -@[]
            #@[]            | bob@x.org   | #@[]
            ''              | bob@x.org   | ''
            """)
    void senderOfOneDelivery(String sender, String recipient, String expanded) {
        assertThat(VerpSender.expand(new Address(sender), new Address(recipient))
                        .octets())
                .isEqualTo(expanded);
    }

    @Test
    @Covers("qmail:S19")
    void bounceGoesToTheListWithoutTheMark() {
        assertThat(VerpSender.bare(new Address("x-@h-@[]"))).isEqualTo(new Address("x-@h"));
        assertThat(VerpSender.bare(new Address("x@h"))).isEqualTo(new Address("x@h"));
        assertThat(VerpSender.bare(Address.DOUBLE_BOUNCE)).isEqualTo(Address.DOUBLE_BOUNCE);
        assertThat(VerpSender.bare(Address.NULL)).isEqualTo(Address.NULL);
    }

    @Test
    void expansionThatWouldBeTooLongLosesTheMarkAlone() {
        var sender = new Address("l".repeat(500) + "@h.org-@[]");
        var recipient = new Address("r".repeat(600) + "@x.org");
        assertThat(VerpSender.expand(sender, recipient)).isEqualTo(new Address("l".repeat(500) + "@h.org"));
    }
}
