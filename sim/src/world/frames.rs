//! The bytes of frames on their way. Buffers are used again, so a frame costs no allocation.

/// A frame on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct FrameId(u32);

#[derive(Clone, Default, Debug)]
pub(super) struct Frames {
    buffers: Vec<Vec<u8>>,
    free: Vec<u32>,
}

impl Frames {
    /// A new frame, made by `fill` from an empty buffer.
    pub(super) fn make(&mut self, fill: impl FnOnce(&mut Vec<u8>)) -> FrameId {
        let id = self.free.pop().unwrap_or_else(|| {
            self.buffers.push(Vec::with_capacity(128));
            (self.buffers.len() - 1) as u32
        });
        let buffer = &mut self.buffers[id as usize];
        buffer.clear();
        fill(buffer);
        FrameId(id)
    }

    pub(super) fn get(&self, id: FrameId) -> &[u8] {
        &self.buffers[id.0 as usize]
    }

    /// Takes the bytes out; they come back by [`Frames::put_back`].
    pub(super) fn take(&mut self, id: FrameId) -> Vec<u8> {
        std::mem::take(&mut self.buffers[id.0 as usize])
    }

    /// Returns the buffer; the frame is done.
    pub(super) fn put_back(&mut self, id: FrameId, bytes: Vec<u8>) {
        self.buffers[id.0 as usize] = bytes;
        self.free(id);
    }

    pub(super) fn free(&mut self, id: FrameId) {
        self.free.push(id.0);
    }
}
