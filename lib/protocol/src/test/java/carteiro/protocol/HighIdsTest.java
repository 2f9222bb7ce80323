package carteiro.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.posix.UnixId;
import carteiro.protocol.Lookup.AccountHome;
import carteiro.protocol.Lookup.AccountIdentity;
import carteiro.protocol.Lookup.AddressVerdict;
import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.Lookup.DeliveryInstructions;
import carteiro.protocol.Lookup.LookupQuestion;
import carteiro.protocol.Lookup.RecipientAnswer;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Clock;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** User and group ids from 2147483648 on, which an int holds as negative numbers. */
class HighIdsTest {
    @TempDir
    Path home;

    @ParameterizedTest
    @ValueSource(longs = {1, Integer.MAX_VALUE, Integer.MAX_VALUE + 1L, UnixId.MOST})
    void theyArriveAsTheyWereSent(long number) throws Exception {
        int id = UnixId.of(number);
        var account = new Answer.Account(
                new AccountIdentity("joe", id, id),
                new AccountHome("/home/joe", "-", "x"),
                new DeliveryInstructions.DotQmailInstructions());
        var asked = new AtomicReference<Homes.AccountExtension>();
        try (var log = new EventLog(OutputStream.nullOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
                var wires = new SocketWires(new Installation(home), log);
                var _ = wires.offer(new Lookup() {
                    @Override
                    public RecipientAnswer recipient(LookupQuestion question) {
                        return new RecipientAnswer("example.org", true, new AddressVerdict.KnownAddress());
                    }

                    @Override
                    public Answer account(LookupQuestion question) {
                        return account;
                    }
                });
                var _ = wires.offerHomes(extension -> {
                    asked.set(extension);
                    return Homes.Presence.YES;
                })) {
            assertThat(wires.lookup().account(LookupQuestion.delivering(new Address("joe@example.org"), Address.NULL)))
                    .isEqualTo(account);
            var extension = new Homes.AccountExtension(id, id, "/home/joe", "-", "x");
            assertThat(wires.homes().look(extension)).isEqualTo(Homes.Presence.YES);
            assertThat(asked).hasValue(extension);
        }
    }

    @Test
    void theyAreReadAsNumbersWithoutASign() {
        assertThat(UnixId.parse("4294967294")).hasValue(-2);
        assertThat(UnixId.parse("0")).hasValue(0);
        assertThat(UnixId.parse("4294967295")).as("which is none").isEmpty();
        assertThat(UnixId.parse("-1")).isEmpty();
        assertThat(UnixId.parse("")).isEmpty();
        assertThat(UnixId.isId(-1)).isFalse();
        assertThat(UnixId.number(-2)).isEqualTo(4_294_967_294L);
    }
}
