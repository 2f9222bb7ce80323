package carteiro.dns;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

class BoundedCacheTest {
    private static Message answer(int number, int exchangers) throws Exception {
        Name name = Name.fromString("d" + number + ".example.");
        var answer = new Message();
        answer.getHeader().setFlag(Flags.QR);
        answer.addRecord(Record.newRecord(name, Type.MX, DClass.IN), Section.QUESTION);
        for (int i = 0; i < exchangers; i++) {
            answer.addRecord(
                    Record.fromString(name, Type.MX, DClass.IN, 3600, i + " mx" + i + ".example.", Name.root),
                    Section.ANSWER);
        }
        return answer;
    }

    @Test
    void itHoldsNoMoreThanSoManyOctets() throws Exception {
        long one = BoundedCache.octets(answer(0, 50));
        assertThat(one).isGreaterThan(50 * 400);
        var cache = new BoundedCache(20 * one);
        for (int i = 0; i < 15; i++) {
            cache.addMessage(answer(i, 50));
        }
        assertThat(cache.getSize()).as("all that fits").isEqualTo(15);
        for (int i = 15; i < 1000; i++) {
            cache.addMessage(answer(i, 50));
            assertThat(cache.getSize()).isBetween(1, 21);
        }
    }
}
