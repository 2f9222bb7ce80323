package carteiro.segments;

import java.io.IOException;

/** What stands at a place is not the record that was written there. */
public final class DamagedRecordException extends IOException {
    private static final long serialVersionUID = 1L;

    /** @param what is wrong with it */
    public DamagedRecordException(SegmentPosition place, String what) {
        super(Segments.name(place.segment()) + " at octet " + place.offset() + ": " + what);
    }
}
