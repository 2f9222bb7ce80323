package carteiro.mail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.mail.Attribute.Mark;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AttributesTest {
    private static final int UNKNOWN = 40_000;
    private static final int TOLD = 1;
    private static final int SCHEDULER_MUST = 2;
    private static final int DELIVERER_MUST = 4;

    @Test
    void theFormIsThatOfThePage() {
        Attributes attributes = Attributes.NONE
                .with(Attribute.UID, 71)
                .with(UNKNOWN, DELIVERER_MUST, "x")
                .with(Attribute.BODY, BodyType.EIGHT_BIT_MIME);
        assertThat(HexFormat.of().formatHex(attributes.octets()))
                .isEqualTo("0001" + "04" + "0008" + "384249544d494d45" + "0003" + "01" + "0002" + "3731" + "9c40" + "04"
                        + "0001" + "78");
        assertThat(Attributes.of(attributes.octets())).isEqualTo(attributes).hasSameHashCodeAs(attributes);
        assertThat(attributes).hasToString("{body=8BITMIME, uid=71, attribute-40000=x}");
    }

    @Test
    void aValueIsReplacedAndTakenAway() {
        Attributes two = Attributes.NONE.with(Attribute.UID, 71).with(Attribute.PARENT, 5L);
        assertThat(two.with(Attribute.UID, -2).get(Attribute.UID)).isEqualTo(-2);
        assertThat(two.with(Attribute.UID, -2).toString()).contains("uid=4294967294");
        assertThat(two.without(Attribute.UID).get(Attribute.UID)).isNull();
        assertThat(two.without(Attribute.UID).get(Attribute.PARENT)).isEqualTo(5);
        assertThat(two.without(Attribute.PARENT).without(Attribute.UID)).isEqualTo(Attributes.NONE);
        assertThat(two.without(Attribute.BODY)).isEqualTo(two);
        assertThat(Attributes.NONE.get(Attribute.FORM, AddressForm.ASCII)).isEqualTo(AddressForm.ASCII);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "00",
                "0003010002", // no value
                "000301000237", // cut
                "00030100023731ff", // more behind
                "0000010000", // no tag 0
                "00030100000003010000", // twice
                "00040100000003010000" // not in order
            })
    void whatIsNotThatFormIsRefused(String octets) {
        assertThatThrownBy(() -> Attributes.of(HexFormat.of().parseHex(octets)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void randomOctetsAreAttributesOrRefused() {
        var random = new Random(1);
        for (int i = 0; i < 100_000; i++) {
            byte[] octets = new byte[random.nextInt(16)];
            for (int j = 0; j < octets.length; j++) {
                octets[j] = (byte) random.nextInt(6);
            }
            try {
                Attributes read = Attributes.of(octets);
                assertThat(read.octets()).isEqualTo(octets);
                read.forEach((tag, _, _) -> assertThat(tag).isPositive());
            } catch (IllegalArgumentException e) {
                // as agreed
            }
        }
    }

    @Test
    void thereAreNoMoreOctetsThanTheLimit() {
        int most = Attributes.MOST_OCTETS - 5;
        Attributes full = Attributes.NONE.with(UNKNOWN, 0, "x".repeat(most));
        assertThat(Attributes.of(full.octets())).isEqualTo(full);
        assertThatThrownBy(() -> full.with(Attribute.UID, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Attributes.of(new byte[Attributes.MOST_OCTETS + 1]))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void thereAreNoMoreThanSixtyFour() {
        Attributes some = Attributes.NONE;
        for (int i = 0; i < 64; i++) {
            some = some.with(UNKNOWN + i, 0, "");
        }
        assertThat(Attributes.of(some.octets())).isEqualTo(some);
        Attributes all = some;
        assertThatThrownBy(() -> all.with(1000, 0, "")).isInstanceOf(IllegalArgumentException.class);
        assertThat(all.with(UNKNOWN, 0, "another value").without(Attribute.UID)).isNotEqualTo(all);
        byte[] more = java.util.Arrays.copyOf(all.octets(), all.size() + 5);
        more[all.size()] = (byte) 0xff; // a tag behind all
        assertThatThrownBy(() -> Attributes.of(more)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(all::check).as("no room for the uid").isInstanceOf(IllegalArgumentException.class);
    }

    /** What is taken in can get a uid and a parent, and be exported and taken in again. */
    @Test
    void whatPassesHasRoomForWhatIsAdded() {
        Attributes most = Attributes.NONE.with(UNKNOWN, TOLD, "x".repeat(Attributes.MOST_TOLD - 5));
        for (int i = 1; i < 60; i++) {
            most = most.with(UNKNOWN + i, 0, "y");
        }
        most = most.without(Attribute.UID).with(UNKNOWN + 59, 0, "z".repeat(4032 - most.size() + 1));
        assertThat(most.size()).isEqualTo(4032);
        most.check();
        Attributes more = most.with(Attribute.UID, -2).with(Attribute.PARENT, Long.MAX_VALUE);
        more.checkAgain();
        assertThat(Attributes.of(more.octets())).isEqualTo(more);
        assertThatThrownBy(more::check).isInstanceOf(IllegalArgumentException.class);
        Attributes.NONE.with(UNKNOWN, TOLD, "x".repeat(512 + 64 - 5)).checkAgain();
        assertThatThrownBy(Attributes.NONE.with(UNKNOWN, TOLD, "x".repeat(512 + 64 - 4))::checkAgain)
                .as("no export has so much that send would keep")
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("576 octets that are to be told");
    }

    @Test
    void marksOfANewerBuildAreKeptAndNotTakenIn() {
        byte[] octets = Attributes.NONE.with(UNKNOWN, TOLD, "x").octets();
        octets[2] = 8;
        Attributes kept = Attributes.of(octets);
        assertThat(kept.octets()).isEqualTo(octets);
        assertThat(kept.told()).isEqualTo(kept);
        assertThatThrownBy(kept::checkValues).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void whatOnlyPeopleReadIsCutToItsLimit() {
        Attributes attributes = Attributes.NONE.with(Attribute.CLIENT_HELO, "h".repeat(2000));
        assertThat(attributes.get(Attribute.CLIENT_HELO)).isEqualTo("h".repeat(Attributes.MOST_TEXT));
    }

    @Test
    void onlyWhatIsMarkedIsTold() {
        Attributes all = Attributes.NONE
                .with(Attribute.BODY, BodyType.EIGHT_BIT_MIME)
                .with(Attribute.UID, 71)
                .with(Attribute.CLIENT_ADDRESS, "192.0.2.1")
                .with(Attribute.PARENT, 5L)
                .with(UNKNOWN, 0, "kept")
                .with(UNKNOWN + 1, SCHEDULER_MUST, "told");
        assertThat(all.told()).hasToString("{body=8BITMIME, uid=71, attribute-40001=told}");
        assertThat(all.told().told()).isEqualTo(all.told());
        assertThat(Attributes.NONE.with(Attribute.PARENT, 5L).told()).isEqualTo(Attributes.NONE);
    }

    @Test
    void whoMustUnderstandLearnsWhatItDoesNot() {
        Attributes known = Attributes.NONE.with(Attribute.BODY, BodyType.EIGHT_BIT_MIME);
        assertThat(known.unknown(Mark.DELIVERER_MUST)).isEmpty();
        Attributes more = known.with(UNKNOWN, TOLD, "may be passed over").with(UNKNOWN + 1, SCHEDULER_MUST, "");
        assertThat(more.unknown(Mark.DELIVERER_MUST)).isEmpty();
        assertThat(more.unknown(Mark.SCHEDULER_MUST)).hasValue(UNKNOWN + 1);
        Attributes ofANewerBuild = Attributes.NONE.with(Attribute.BODY.tag(), DELIVERER_MUST, "BINARYMIME");
        assertThat(ofANewerBuild.unknown(Mark.DELIVERER_MUST)).hasValue(Attribute.BODY.tag());
        assertThat(ofANewerBuild.get(Attribute.BODY)).isNull();
    }

    @Test
    void valuesThatComeInHaveToMakeSense() {
        Attributes.NONE.with(UNKNOWN, 0, "anything").checkValues();
        for (Attributes wrong : List.of(
                Attributes.NONE.with(Attribute.BODY.tag(), DELIVERER_MUST, "9BIT"),
                Attributes.NONE.with(Attribute.UID.tag(), TOLD, "-1"),
                Attributes.NONE.with(Attribute.UID.tag(), TOLD, "4294967296"),
                Attributes.NONE.with(Attribute.PARENT.tag(), 0, "0"),
                Attributes.NONE.with(Attribute.FORM.tag(), 0, "SMTPUTF8"),
                Attributes.NONE.with(Attribute.UID.tag(), TOLD, "4294967295"),
                Attributes.NONE.with(Attribute.UID.tag(), TOLD, "+5"),
                Attributes.NONE.with(Attribute.FORM.tag(), DELIVERER_MUST, ""))) {
            assertThatThrownBy(wrong::checkValues).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void whatComesInIsBounded() {
        Attributes.NONE.with(UNKNOWN, 0, "anything".repeat(100)).check();
        Attributes.NONE
                .with(UNKNOWN, TOLD, "x".repeat(Attributes.MOST_TOLD - 5))
                .check();
        for (Attributes tooMuch : List.of(
                Attributes.NONE.with(UNKNOWN, TOLD, "x".repeat(Attributes.MOST_TOLD - 4)),
                Attributes.NONE.with(UNKNOWN, 0, "x".repeat(Attributes.MOST_OCTETS - 68)))) {
            assertThatThrownBy(tooMuch::check).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void recipientsWithAttributesAreFew() {
        Address a = new Address("a@b");
        var some = new TreeMap<Integer, Attributes>();
        some.put(1, Attributes.NONE.with(UNKNOWN, TOLD, "x").with(UNKNOWN + 1, 0, "y"));
        some.put(2, Attributes.NONE);
        RecipientList list = RecipientList.of(List.of(a, a, a), some);
        assertThat(list.attributed()).isEqualTo(1);
        assertThat(list.get(0)).isEqualTo(new Recipient(a, Attributes.NONE));
        assertThat(list.get(1).attributes()).isEqualTo(some.get(1));
        Envelope told = new Envelope(Address.NULL, list, Attributes.NONE).told();
        assertThat(told.recipients().attributes(1)).hasToString("{attribute-40000=x}");
        some.put(3, Attributes.NONE.with(Attribute.UID, 1));
        assertThatThrownBy(() -> RecipientList.of(List.of(a, a, a), some)).isInstanceOf(IllegalArgumentException.class);
    }

    /** A tag means one thing for ever: the page says which are given. */
    @Test
    void thePageNamesEveryAttributeWithItsTag() throws Exception {
        String page = Files.readString(Path.of("../../docs/protocols/attributes.md"));
        int known = 0;
        var missing = new ArrayList<String>();
        for (int tag = 1; tag <= Attributes.MOST_TAG; tag++) {
            Attribute<?> attribute = Attribute.of(tag);
            if (attribute == null) {
                continue;
            }
            known++;
            String row = "| " + attribute.tag() + " | `" + attribute.attributeName() + "` | ";
            if (!page.contains(row)) {
                missing.add(row);
            }
        }
        assertThat(missing).isEmpty();
        assertThat(known).isGreaterThan(7);
    }
}
