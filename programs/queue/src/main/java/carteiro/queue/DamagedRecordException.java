package carteiro.queue;

import java.io.IOException;

/** What stands at a place is not the record that was written there. */
final class DamagedRecordException extends IOException {
    private static final long serialVersionUID = 1L;

    DamagedRecordException(SegmentPosition place, String what) {
        super(Segments.name(place.segment()) + " at octet " + place.offset() + ": " + what);
    }
}
