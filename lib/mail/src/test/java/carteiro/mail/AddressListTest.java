package carteiro.mail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Many addresses in few octets are the same addresses. */
class AddressListTest {
    private static final List<Address> SOME = List.of(
            new Address("ann@example.org"),
            Address.NULL,
            new Address("caf\u00c3\u00a9@example.org"),
            new Address("x".repeat(Address.LIMIT)));

    private static AddressList list(List<Address> addresses) {
        var builder = new AddressList.AddressListBuilder();
        addresses.forEach(builder::add);
        return builder.build();
    }

    @Test
    void holdsWhatWasAdded() {
        AddressList list = list(SOME);
        assertThat(list).isEqualTo(SOME);
        assertThat(list.hashCode()).isEqualTo(SOME.hashCode());
        assertThat(list(List.of())).isEmpty();
    }

    @Test
    void whatIsAddedLaterIsNotInAListThatWasBuilt() {
        var builder = new AddressList.AddressListBuilder().add(SOME.getFirst());
        AddressList one = builder.build();
        builder.add(SOME.getLast());
        assertThat(one).containsExactly(SOME.getFirst());
        assertThat(builder.build()).hasSize(2);
    }

    @Test
    void cannotBeChanged() {
        AddressList list = list(SOME);
        assertThatThrownBy(() -> list.set(0, Address.NULL)).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> list.get(4)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void anEnvelopeKeepsIt() {
        AddressList list = list(SOME);
        var envelope = new Envelope(Address.NULL, list, Envelope.BodyType.SEVEN_BIT, Envelope.AddressForm.ASCII, 0);
        assertThat(envelope.addresses()).isSameAs(list);
    }
}
