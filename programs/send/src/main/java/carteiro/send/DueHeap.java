package carteiro.send;

import carteiro.protocol.Wires.Channel;
import java.util.Arrays;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** The messages of one channel by due time, the earliest first: a binary heap of 4 octets a message. Not thread-safe. */
final class DueHeap {
    private final Channel channel;
    private @Nullable ScheduledMessage[] heap = new ScheduledMessage[64];
    private int size;

    DueHeap(Channel channel) {
        this.channel = channel;
    }

    int size() {
        return size;
    }

    /** When the first is due; {@link Long#MAX_VALUE} if there is none. */
    long firstDue() {
        ScheduledMessage first = heap[0];
        return first == null ? Long.MAX_VALUE : first.due(channel);
    }

    /** Adds a message by its due time, which must not change while it is here, except by {@code allDueBy}. */
    void add(ScheduledMessage message) {
        if (size == heap.length) {
            heap = Arrays.copyOf(heap, size + (size >> 1));
        }
        long due = message.due(channel);
        int at = size++;
        while (at > 0) {
            int parent = (at - 1) >>> 1;
            ScheduledMessage above = at(parent);
            if (above.due(channel) <= due) {
                break;
            }
            heap[at] = above;
            at = parent;
        }
        heap[at] = message;
    }

    /** Takes the first if it is due, or null. */
    @Nullable
    ScheduledMessage take(long now) {
        if (firstDue() > now) {
            return null;
        }
        ScheduledMessage first = at(0);
        ScheduledMessage last = at(--size);
        heap[size] = null;
        if (size > 0) {
            sink(last);
        }
        if (heap.length > 1024 && size < heap.length >> 2) {
            heap = Arrays.copyOf(heap, heap.length >> 1);
        }
        return first;
    }

    private void sink(ScheduledMessage message) {
        long due = message.due(channel);
        int at = 0;
        int half = size >>> 1;
        while (at < half) {
            int child = 2 * at + 1;
            if (child + 1 < size && at(child + 1).due(channel) < at(child).due(channel)) {
                child++;
            }
            if (at(child).due(channel) >= due) {
                break;
            }
            heap[at] = heap[child];
            at = child;
        }
        heap[at] = message;
    }

    /** Makes everything due by then at the latest. The order stays: the earlier of two is not the later afterwards. */
    void allDueBy(long now) {
        for (int i = 0; i < size; i++) {
            ScheduledMessage message = at(i);
            message.due(channel, Math.min(message.due(channel), now));
        }
    }

    /** Makes each message due at the latest when that says. */
    void allDueBy(ToLongFunction<ScheduledMessage> latest) {
        @Nullable ScheduledMessage[] all = heap;
        int count = size;
        heap = new ScheduledMessage[all.length];
        size = 0;
        for (int i = 0; i < count; i++) {
            ScheduledMessage message = all[i];
            if (message != null) {
                message.due(channel, Math.min(message.due(channel), latest.applyAsLong(message)));
                add(message);
            }
        }
    }

    private ScheduledMessage at(int index) {
        ScheduledMessage message = heap[index];
        if (message == null) {
            throw new IllegalStateException("hole in the heap at " + index);
        }
        return message;
    }
}
