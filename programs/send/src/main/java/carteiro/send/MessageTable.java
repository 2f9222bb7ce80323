package carteiro.send;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Messages by number: open addressing over references alone, 7 to 13 octets a message where a HashMap has 50. Not
 * thread-safe.
 */
final class MessageTable {
    private @Nullable ScheduledMessage[] slots = new ScheduledMessage[1024];
    private int size;

    int size() {
        return size;
    }

    @Nullable
    ScheduledMessage get(long number) {
        int mask = slots.length - 1;
        for (int at = home(number, mask); ; at = at + 1 & mask) {
            ScheduledMessage message = slots[at];
            if (message == null || message.number() == number) {
                return message;
            }
        }
    }

    /** Adds a message whose number is not here. */
    void add(ScheduledMessage message) {
        if (size * 5L >= slots.length * 3L) {
            resize(slots.length * 2);
        }
        put(message);
        size++;
    }

    private void put(ScheduledMessage message) {
        int mask = slots.length - 1;
        int at = home(message.number(), mask);
        while (slots[at] != null) {
            at = at + 1 & mask;
        }
        slots[at] = message;
    }

    /** Removes a message; does nothing if it is not here. */
    void remove(long number) {
        int mask = slots.length - 1;
        int at = home(number, mask);
        while (true) {
            ScheduledMessage message = slots[at];
            if (message == null) {
                return;
            }
            if (message.number() == number) {
                break;
            }
            at = at + 1 & mask;
        }
        int hole = at;
        slots[hole] = null;
        size--;
        for (int next = hole + 1 & mask; ; next = next + 1 & mask) { // close the gap, so that no search ends early
            ScheduledMessage moved = slots[next];
            if (moved == null) {
                break;
            }
            int home = home(moved.number(), mask);
            if ((next - home & mask) >= (next - hole & mask)) {
                slots[hole] = moved;
                slots[next] = null;
                hole = next;
            }
        }
        if (slots.length > 1024 && size * 8L < slots.length) {
            resize(slots.length / 2);
        }
    }

    void forEach(Consumer<ScheduledMessage> each) {
        for (ScheduledMessage message : slots) {
            if (message != null) {
                each.accept(message);
            }
        }
    }

    private void resize(int length) {
        @Nullable ScheduledMessage[] old = slots;
        slots = new ScheduledMessage[length];
        for (ScheduledMessage message : old) {
            if (message != null) {
                put(message);
            }
        }
    }

    private static int home(long number, int mask) {
        long mixed = number * 0x9E3779B97F4A7C15L;
        return (int) (mixed >>> 32) & mask;
    }
}
